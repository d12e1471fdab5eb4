"""The facts of a trained model, and bounds on every number in its folder; no PyTorch at import.

A model may come from anybody: what its files say is checked before anything is made of it.
"""

import os
from pathlib import Path

import jsonschema
from safetensors import SafetensorError

from chromapal import methods
from chromapal.columns import ALIGNABLE
from chromapal.errors import InputError
from chromapal.files import read_json
from chromapal.identify.settings import INPUTS
from chromapal.prepare.features import channels
from chromapal.training import layout
from chromapal.training.layout import FACTS

NETWORKS = "networks"  # folder of the networks
NAMES = 2000  # a worm has 302 neurons; muscles and other cells may be named too
MEMBERS = 8  # networks at most
LARGE = 1e12
CHANNELS = sorted({channel for features in ALIGNABLE for channel in channels(features)})
# what reading files raises that were made to deceive, or by another version
UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError,
    RuntimeError, SafetensorError, TypeError, ValueError,
)  # fmt: skip

SHARE = {"type": "number", "minimum": 0, "maximum": 1}
NUMBER = {"type": "number", "minimum": -LARGE, "maximum": LARGE}
LENGTH = {"type": "number", "minimum": 0, "maximum": LARGE}
COUNT = {"type": "integer", "minimum": 0, "maximum": 10**9}
# Snakemake fills in wildcards in text that it passes to rules
TEXT = {"type": "string", "maxLength": 1000}
PLAIN = {**TEXT, "pattern": "^[^{}]*$"}


def _list(items: dict, *length: int) -> dict:
    sizes = dict(zip(("minItems", "maxItems"), length * 2, strict=False)) if length else {}
    return {"type": "array", "items": items, **sizes}


def described(**properties: dict) -> dict:
    """Return the schema of an object that has these properties."""
    return {"type": "object", "required": list(properties), "properties": properties}


SCHEMA = described(
    study=PLAIN,
    version=PLAIN,
    code_digest=PLAIN,
    lock_digest=PLAIN,
    missing=PLAIN,
    features={
        "type": "array",
        "items": {"enum": list(ALIGNABLE)},
        "minItems": 1,
        "uniqueItems": True,
        "contains": {"const": "position+gray"},
    },
    colorizer={"enum": list(methods.declaring("colorizers", "names_by"))},
    normaliser=described(
        colour_scale={"enum": ["full_scale", "global_minmax", "per_worm", "rank_normal"]},
        gray_source={"enum": ["luminance", "white"]},
        weight=_list(NUMBER, 2),
        channels={
            "type": "object",
            "propertyNames": {"enum": list("RGBW")},
            "additionalProperties": _list(NUMBER, 2),
        },
    ),
    full_scales={
        "type": "object",
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "maximum": LARGE},
    },
    animals=_list(_list(TEXT, 2)),
    fingerprints=_list(_list(LENGTH, 12)),
    sizes=_list(_list(LENGTH, 2), 3),
    neurons=_list(COUNT, 2),
    subjects=described(**{fact: _list(TEXT) for fact in ("strain", "sex", "stage", "part")}),
)
SPURIOUS = described(
    centre=_list(NUMBER, INPUTS),
    scale=_list({"type": "number", "exclusiveMinimum": 0, "maximum": LARGE}, INPUTS),
    weight=_list(NUMBER, INPUTS),
    offset=NUMBER,
)
SHARES = {
    "type": "object",
    "propertyNames": {"enum": list(ALIGNABLE)},
    "additionalProperties": SHARE,
}
TYPICAL = described(
    mean_probability=SHARES,
    search_below=SHARES,
    gray_agreement={"type": ["number", "null"], "minimum": -1, "maximum": 1},
    landmarks={
        "type": "object",
        "propertyNames": {"enum": list(ALIGNABLE)},
        "additionalProperties": {**_list(TEXT), "maxItems": NAMES},
    },
)
OF_SET = described(
    known=described(
        lab=_list(TEXT),
        worm=_list(TEXT),
        session=_list(TEXT),
        mirror=_list({"enum": [-1, 1]}),
    ),
    slope=NUMBER,
    calibration=described(
        temperature={"type": "number", "exclusiveMinimum": 0, "maximum": LARGE},
        nobody=NUMBER,
    ),
)
# where no worm was held out of a network, none was there to plant spurious centres in
OF_SET["properties"]["spurious"] = SPURIOUS
IDENTIFIER = described(
    feature_sets=_list({"enum": list(ALIGNABLE)}),
    features={
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": list(ALIGNABLE)},
        "additionalProperties": OF_SET,
    },
)
TRANSFORMER = described(
    names={**_list(TEXT), "minItems": 1, "maxItems": NAMES, "uniqueItems": True},
    channels={"type": "array", "items": {"enum": CHANNELS}, "uniqueItems": True},
    columns={
        "type": "object",
        "propertyNames": {"enum": list(ALIGNABLE)},
        "additionalProperties": {
            **_list({"type": "integer", "minimum": 0, "maximum": NAMES}),
            "maxItems": NAMES,
        },
    },
    centre=_list(NUMBER, 3),
    unit={"type": "number", "exclusiveMinimum": 0, "maximum": LARGE},
    networks={"type": "integer", "minimum": 1, "maximum": MEMBERS},
)


def read(folder: str | os.PathLike) -> dict:
    """Read the facts about a trained model.

    Raises
    ------
    InputError
        There is no model, it is damaged or of another layout, a fact is missing, of another type or
        out of bounds, or its study had no training data.
    """
    path = Path(folder) / FACTS
    facts = layout.sealed(Path(folder), FACTS)
    check(facts, SCHEMA, path)
    if len(facts["animals"]) != len(facts["fingerprints"]):
        raise InputError(path, "other worms than fingerprints", "one for each", layout.RETRAIN)
    if facts["missing"]:
        raise InputError(folder, facts["missing"], "a study with worms that have them")
    check(facts.get("typical"), TYPICAL, path)
    return facts


def check(content: object, schema: dict, path: Path):
    """Refuse what a schema does not describe.

    Raises
    ------
    InputError
        The line names the key at fault.
    """
    error = jsonschema.Draft202012Validator(schema)
    fault = next(error.iter_errors(content), None)
    if fault is not None:
        key = ".".join(str(part) for part in fault.absolute_path) or "top level"
        found = f"{key[:60]}: {fault.message[:120]}"
        raise InputError(path, found, "facts as a study writes them", layout.RETRAIN)


def check_networks(folder: Path, params: object):
    """Check files of networks before networks are made of them.

    Parameters
    ----------
    folder : Path
        The folder.
    params : chromapal.identify.settings.TransformerSettings
        The shape of the networks.

    Raises
    ------
    InputError
        A number is not finite or out of bounds, or the shape is not that of the weights.
    """
    import torch
    from safetensors.torch import load_file

    # a file cannot hold more than it is long
    for path in sorted(folder.rglob("*.safetensors")):
        for name, values in load_file(path).items():
            if not torch.isfinite(values.double()).all():
                raise InputError(path, f"{name} with NaN or infinity", "weights", layout.RETRAIN)
    path = folder / "identifier.json"
    identifier = read_json(path, layout.RETRAIN, finite=True)
    check(identifier, IDENTIFIER, path)
    for features, each in identifier["features"].items():
        if len({len(values) for values in each["known"].values()}) > 1:
            found = f"{features}, known: lists of other lengths"
            raise InputError(path, found, "one each", layout.RETRAIN)
    path = folder / "network/transformer.json"
    transformer = read_json(path, layout.RETRAIN, finite=True)
    check(transformer, TRANSFORMER, path)
    for features, columns in transformer["columns"].items():
        if not set(columns) <= set(range(len(transformer["names"]))):
            found = f"{features}, columns beyond the names"
            raise InputError(path, found, "columns of names", layout.RETRAIN)
        if not set(channels(features)) <= set(transformer["channels"]):
            found = f"{features} without its channels"
            raise InputError(path, found, "all channels of each feature set", layout.RETRAIN)
    if sorted(identifier["feature_sets"]) != sorted(identifier["features"]):
        raise InputError(
            folder / "identifier.json", "other feature sets than facts", "facts of each",
            layout.RETRAIN,
        )  # fmt: skip
    if set(transformer["columns"]) != set(identifier["features"]):
        raise InputError(path, "other feature sets", "those of identifier.json", layout.RETRAIN)
    for number in range(transformer["networks"]):
        weights = folder / f"network/network{number}.safetensors"
        tensors = load_file(weights)
        # each layer has tensors of its own, and each feature a place in one of them
        widest = max((max(values.shape, default=0) for values in tensors.values()), default=0)
        if params.layers > len(tensors) or params.width > widest:
            found = f"{params.layers} layers of {params.width} for {len(tensors)} tensors"
            raise InputError(weights, found, "the weights of these layers", layout.RETRAIN)


def check_model(model: object, facts: dict):
    """Check that the parts of a model are about the same names.

    Raises
    ------
    InputError
        They are not.
    """
    identifier = model.identifier
    names = identifier.transformer.classes_.tolist()
    if names != facts.get("names") or len(model.colours.joint.mean) != len(names):
        raise InputError(FACTS, "other names than the networks'", f"{len(names)} names")
    if list(identifier.feature_sets) != facts["features"]:
        raise InputError(FACTS, "other feature sets than the networks'", "the same ones")
    for features, alignment in identifier.alignments.items():
        aligner = alignment.aligner
        if aligner.level not in ("pose", "nonrigid") or not abs(aligner.symmetry.middle) < LARGE:
            raise InputError("aligner.json", f"level {aligner.level!r}", "pose or nonrigid")
        scores = identifier.transformer.atlas_[features]
        if len(scores.columns) != len(scores.atlas.names):
            raise InputError("transformer.json", f"other columns of {features}", "one a name")
        width = len(channels(features))
        for atlas in (aligner.atlas, aligner.symmetry.atlas, scores.atlas):
            _check_distribution(atlas.position, len(atlas.names))
            _check_distribution(atlas.channels, len(atlas.names))
            if atlas.channels.mean.shape[-1] != width:
                raise InputError("atlas", f"channels of {features} of other number", f"{width}")
            if atlas.presence.shape != (len(atlas.names),):
                raise InputError("atlas", f"{tuple(atlas.presence.shape)} presences", "one a name")
    _check_distribution(model.colours.joint, len(names))


def _check_distribution(values: object, names: int):
    width = values.mean.shape[-1]
    shapes = [values.mean.shape, *(mean.shape for mean in values.local.values())]
    if set(shapes) != {(names, width)} or values.covariance.shape != (names, width, width):
        raise InputError("atlas", f"means of {names} names of other shapes", "one a name")
    if not values.degrees_of_freedom > 0:
        raise InputError("atlas.json", f"{values.degrees_of_freedom} degrees of freedom", "above 0")
