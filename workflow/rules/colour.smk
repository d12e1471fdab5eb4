"""Colour images with a trained colorizer of a study of images."""

from chromapal.apply import image_model
from chromapal.worms.discover import everything

MODEL = checked(image_model.find, config["model"])
MODEL_FACTS = checked(image_model.facts, MODEL)
APPLIED = checked(apply_plan.applied, RESULTS, MODEL, config["images"], "images")
# The job finds by itself what no job could be given by name.
IMAGES = [
    path for path in checked(everything, config["images"], "images")[0] if not path_fault(path)
]


rule colour_images:
    """Colour all images of a folder; what cannot be read is listed with the reason."""
    input:
        MODEL / image_model.layout.FACTS,
        IMAGES,
    output:
        folder=directory(f"{RESULTS}/images"),
        sheet=f"{RESULTS}/contact_sheet.png",
        skipped=f"{RESULTS}/skipped.csv",
        applied=f"{RESULTS}/{apply_plan.APPLIED}",
    log:
        f"{RESULTS}/logs/colour_images.log",
    conda:
        ENVIRONMENT
    params:
        **calls(
            "apply.colour_images:colour_all",
            f"src/chromapal/colorizers/{MODEL_FACTS['colorizer']}.py",
        ),
        **APPLIED,
        tile=config["tile"],
        scale=config["scale"],
    script:
        "../scripts/call.py"
