"""Finished tables about names become figures."""


rule draw_calibration:
    """Draw probabilities against the share that is right, and precision against coverage."""
    input:
        calibration="results/{study}/tables/calibration.csv",
        coverage="results/{study}/tables/coverage.csv",
    output:
        figure=report(
            "results/{study}/figures/calibration.png",
            caption="../report/calibration.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "What a probability is worth"},
        ),
    log:
        "results/{study}/logs/draw_calibration.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_calibration.py"),
    script:
        "../scripts/draw_calibration.py"


rule draw_handedness:
    """Draw what was decided about the axes of every test animal."""
    input:
        handedness="results/{study}/tables/handedness.csv",
    output:
        figure=report(
            "results/{study}/figures/handedness.png",
            caption="../report/handedness.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Handedness"},
        ),
    log:
        "results/{study}/logs/draw_handedness.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_handedness.py"),
    script:
        "../scripts/draw_handedness.py"


rule draw_confused:
    """Draw the neurons most often taken for each other, in place."""
    input:
        places="results/{study}/tables/places.csv",
    output:
        figure=report(
            "results/{study}/figures/confused.png",
            caption="../report/confused.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Neurons taken for each other"},
        ),
    log:
        "results/{study}/logs/draw_confused.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_confused.py"),
    script:
        "../scripts/draw_confused.py"


rule draw_peers:
    """Draw other methods beside ours on the same animals."""
    input:
        peers="results/{study}/tables/peers.csv",
    output:
        figure=report(
            "results/{study}/figures/peers.png",
            caption="../report/peers.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Other methods"},
        ),
    log:
        "results/{study}/logs/draw_peers.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_peers.py"),
    script:
        "../scripts/draw_peers.py"


rule draw_anchors:
    """Draw accuracy against the number of anchors."""
    input:
        anchors="results/{study}/tables/anchors.csv",
    output:
        figure=report(
            "results/{study}/figures/anchors.png",
            caption="../report/anchors.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Anchors"},
        ),
    log:
        "results/{study}/logs/draw_anchors.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_anchors.py"),
    script:
        "../scripts/draw_anchors.py"


rule draw_ablation:
    """Draw what each part of the naming is worth."""
    input:
        ablation="results/{study}/tables/ablation.csv",
    output:
        figure=report(
            "results/{study}/figures/ablation.png",
            caption="../report/ablation.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "What each part is worth"},
        ),
    log:
        "results/{study}/logs/draw_ablation.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_ablation.py"),
    script:
        "../scripts/draw_ablation.py"
