"""First on the path of the tests' jobs: each writes down the large libraries it imported."""

import atexit
import json
import os
import sys
from pathlib import Path

LARGE = (
    *("dandi", "h5py", "imblearn", "matplotlib", "nbconvert", "pandera", "papermill", "plotly"),
    *("pynwb", "requests", "scipy", "skimage", "sklearn", "tifffile", "torch"),
)


def write():
    """Write a file of one job; a Python that runs none has no `snakemake`."""
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if job is not None:
        imported = [name for name in LARGE if name in sys.modules]
        method = job.wildcards.get("colorizer", job.wildcards.get("classifier", ""))
        path = Path(os.environ["CHROMAPAL_TEST_IMPORTS"]) / f"{os.getpid()}.json"
        path.write_text(json.dumps({"rule": job.rule, "method": method, "imported": imported}))


if "CHROMAPAL_TEST_IMPORTS" in os.environ:
    atexit.register(write)
