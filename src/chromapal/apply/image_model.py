"""The trained colorizer of a study of images, applied to other images; no PyTorch at import.

As with models that name neurons, nothing in the folder is trusted: its checksums say that files
belong together, not where they come from.
"""

import os
from pathlib import Path

from chromapal import methods
from chromapal.apply.facts import COUNT, PLAIN, UNREADABLE, check, described
from chromapal.errors import InputError
from chromapal.training import layout

WHERE = "config key 'model'"
EXPECTED = "results/STUDY/models/SET/RUN/COLORIZER of a finished study of images"
WEIGHTS = "weights.safetensors"
LISTED = 3  # models of a study that a line names
TRIED = 8  # side of the image that a model is tried on [pixels]
SCHEMA = described(
    colorizer={"enum": list(methods.accepting("images"))},
    version=PLAIN,
    lock_digest=PLAIN,
    train_pictures=COUNT,
    side={**COUNT, "minimum": 1},
)


def find(folder: str) -> Path:
    """Return the folder of a model.

    Raises
    ------
    InputError
        There is no such folder, or it holds no model of images; of a study's folder the line names
        some models.
    """
    path = Path(folder)
    if (path / layout.FACTS).is_file():
        return path
    if not path.is_dir():
        raise InputError(WHERE, f"no folder {folder!r}", EXPECTED)
    inside = sorted(str(file.parent) for file in path.glob(f"models/*/*/*/{layout.FACTS}"))
    if inside:
        more = ", ..." if len(inside) > LISTED else ""
        raise InputError(
            WHERE,
            f"a study ({folder})",
            "one of its models",
            f"{', '.join(inside[:LISTED])}{more}",
        )
    advice = "a model of an earlier version has to be trained again"
    raise InputError(WHERE, f"no model in {folder!r}", EXPECTED, advice)


def facts(folder: str | os.PathLike) -> dict:
    """Read the facts about a model; see `chromapal.colorizers.common.run_images.facts_of`.

    Raises
    ------
    InputError
        A file is missing, damaged or not the model's, or a fact is missing or out of bounds.
    """
    known = layout.sealed(Path(folder), layout.FACTS)
    check(known, SCHEMA, Path(folder) / layout.FACTS)
    return known


def load(folder: str | os.PathLike) -> tuple[object, dict]:
    """Return the trained colorizer of a model, and the model's facts.

    Raises
    ------
    InputError
        See `facts`; or its files are not those of its colorizer, or give no colours.
    """
    known = facts(folder)
    folder = Path(folder)
    try:
        header = layout.read_header(folder, advice=layout.RETRAIN, finite=True)
        module = methods.module("colorizers", known["colorizer"])
        params = methods.params("colorizers", known["colorizer"], header["params"])
        model = module.build(params)
        if (folder / WEIGHTS).exists():
            _check_weights(model, folder / WEIGHTS)
        model = model.load(folder)
        _try(model)
    except InputError as error:
        raise InputError(folder, error.found, error.expected, layout.RETRAIN) from None
    except UNREADABLE as error:
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0][:80]
        found = f"an unusable model ({reason})"
        raise InputError(folder, found, "one of a study", layout.RETRAIN) from None
    return model, known


def _check_weights(model: object, path: Path):
    """Check weights before a network of their shapes takes any memory."""
    import torch
    from safetensors.torch import load_file

    tensors = load_file(path)
    # a file cannot hold more than it is long; what `params` ask for takes no memory here
    with torch.device("meta"):
        sketched = model.wrap(model.make()).state_dict()
    for name in sorted(sketched.keys() | tensors.keys()):
        shapes = [tuple(each[name].shape) for each in (tensors, sketched) if name in each]
        if len(shapes) < 2 or shapes[0] != shapes[1]:
            raise InputError(path, f"weights {name} of other shapes", "those of this network")
        if not torch.isfinite(tensors[name].double()).all():
            raise InputError(path, f"{name} with NaN or infinity", "weights")


def _try(model: object):
    """Colour a small image: what a file says may still be nonsense."""
    import numpy as np

    from chromapal.prepare.images import ImageSamples

    gray = np.linspace(0, 1, TRIED**2, dtype=np.float32).reshape(TRIED, TRIED)
    blank = np.full((TRIED, TRIED, 3), np.nan, np.float32)
    (colours,) = model.predict(ImageSamples([(blank, gray)]))
    if colours.shape != blank.shape or not ((colours >= 0) & (colours <= 1)).all():
        raise InputError(WHERE, "colours that are none", "sRGB, 0 to 1")
