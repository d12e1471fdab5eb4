"""What each job of the tiny study imports: a large library can double the time of a small job."""

import json
from collections import defaultdict

READERS = {"h5py", "pandera", "pynwb", "scipy", "skimage", "tifffile"}
# Large libraries that a rule's jobs may import; rules that are not listed import none.
ALLOWED = {
    "simulate_worms": READERS - {"pandera"},
    "load_worms": READERS,
    "collect_worms": {"pandera", "scipy"},
    "normalise_neurons": {"scipy"},
    "train_colorizer": {"imblearn", "matplotlib", "scipy", "sklearn", "torch"},
    "classify_neurons": {"imblearn", "scipy", "sklearn", "torch"},
    "write_colour_table": {"scipy", "skimage"},
    "write_identity_tables": {"scipy"},
    "write_report": {"nbconvert", "papermill", "requests"},
    "draw_colour": {"matplotlib"},
    "draw_confusion": {"matplotlib", "scipy"},
    "draw_examples": {"matplotlib"},
    "draw_grids": {"matplotlib", "torch"},
    "draw_identity": {"matplotlib"},
    "draw_laboratories": {"matplotlib"},
    "draw_losses": {"matplotlib"},
    "draw_prediction": {"matplotlib", "scipy"},
    "draw_projections": {"matplotlib", "scipy"},
    "draw_volume": {"matplotlib", *READERS} - {"pandera"},
}
WITHOUT_NETWORKS = {"mean_colour", "copy_gray"}


def jobs(study):
    """Read what the jobs of the tiny study wrote down; see imports/sitecustomize.py."""
    return [json.loads(path.read_text()) for path in (study / "imported").glob("*.json")]


def test_jobs_import_no_large_library_that_they_do_not_need(study):
    found = defaultdict(set)
    for job in jobs(study):
        found[job["rule"]] |= set(job["imported"])
    assert len(found) > 20 and "torch" in found["train_colorizer"]
    more = {rule: imported - ALLOWED.get(rule, set()) for rule, imported in found.items()}
    assert not {rule: sorted(imported) for rule, imported in more.items() if imported}


def test_baselines_import_no_network_and_oversampling_comes_with_smote_only(study):
    baselines = [job for job in jobs(study) if job["method"] in WITHOUT_NETWORKS]
    assert baselines and not any(job["imported"] for job in baselines)
    trained = [
        "imblearn" in job["imported"]
        for job in jobs(study)
        if job["rule"] == "train_colorizer" and job["method"] not in WITHOUT_NETWORKS
    ]
    assert any(trained) and not all(trained)
