"""The one model that a study keeps, to name and colour worms it has never seen."""

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal import methods, provenance
from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.prepare import geometry
from chromapal.prepare.normalise import Normalisation, Normaliser
from chromapal.training import layout
from chromapal.training.settings import Training
from chromapal.worms.table import ANIMAL, SUBJECT

LOGGER = logging.getLogger("chromapal")
FACTS, NETWORKS = "model.json", "position+gray"
DENSE = True


def keep(
    neurons: str | os.PathLike,
    colorizer: str,
    params: dict,
    normalisation: Normalisation,
    study: str,
    code: str,
    training: Training,
    out: str | os.PathLike,
):
    """Learn from all animals of a study at once, nobody held out but to calibrate.

    Parameters
    ----------
    neurons : path-like
        The study's neurons. Animals with names and gray train.
    colorizer : str
        One that names neurons before it colours them; see
        `chromapal.colorizers.common.named_colour`.
    params : dict
        The study's changes to its `Params`.
    normalisation : Normalisation
        The scale of colour, and what gray is.
    study, code : str
        The study's name, and the digest of the code behind the model, which files may follow.
    training : Training
        Where and how, and where it goes on after a kill.
    out : path-like
        Folder, whole or not at all: `model.json` with what new worms are held against, and the
        trained colorizer. Where no animal can teach gray or colour it says so and holds none.
    """
    neurons = pd.read_parquet(neurons)
    normaliser = Normaliser.fit(neurons, **vars(normalisation))
    neurons = normaliser.transform(neurons)
    animals = neurons.groupby(ANIMAL)
    known = neurons["name"].ne("").groupby([neurons[key] for key in ANIMAL]).transform("any")
    gray = animals["gray"].transform("count").eq(animals["gray"].transform("size"))
    taught = neurons[known & gray].reset_index(drop=True)
    facts = {
        "study": study,
        "version": provenance.version(),
        "code_digest": code.split()[0],
        "lock_digest": provenance.lock_digest(),
        "seed": training.seed,
        "features": NETWORKS,
        "colorizer": colorizer,
        "alignment": "nonrigid",
        "normaliser": normaliser.to_json(),
        "missing": "",
        "full_scales": {},
        **_animals(taught),
    }
    if normalisation.colour_scale == "full_scale":
        # no other scale asks what a camera could count, and none need refuse a brighter worm
        facts["full_scales"] = neurons.groupby("lab")["full_scale"].max().to_dict()
    with whole(out) as folder:
        folder.mkdir()
        if taught[["r", "g", "b"]].notna().all(axis=1).any():
            module = methods.module("colorizers", colorizer)
            model = module.build(methods.params("colorizers", colorizer, params), DENSE)
            model.learn(taught, training.seed, training.device, training.threads, training.folder)
            model.save(folder / NETWORKS)
            facts["names"] = model.identifier.transformer.classes_.tolist()
        else:
            facts["missing"] = "no animal with names, gray and colour to learn from"
        layout.seal(folder, FACTS, facts)
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: learnt from %d animals", out, len(facts["animals"]))


def _animals(training: pd.DataFrame) -> dict:
    """Say whom a model was trained on."""
    worms = training.drop_duplicates(ANIMAL)
    counts = training.groupby(ANIMAL).size()
    each = [rows for _, rows in training.groupby(ANIMAL, sort=False)]
    sizes = np.array([geometry.size(rows) for rows in each] or np.zeros((1, 3)))
    return {
        "animals": worms[ANIMAL].to_numpy().tolist(),
        "fingerprints": [geometry.fingerprint(rows) for rows in each],
        "sizes": np.column_stack([sizes.min(axis=0), sizes.max(axis=0)]).tolist(),
        "neurons": [int(counts.min()), int(counts.max())] if len(counts) else [0, 0],
        "subjects": {
            fact: np.unique(worms[fact][worms[fact] != ""].to_numpy(dtype=str)).tolist()
            for fact in SUBJECT
        },
    }


def read_facts(folder: str | os.PathLike) -> dict:
    """Read what a kept model says of itself.

    Raises
    ------
    InputError
        No model, one that is damaged or of another layout, or a study that could teach none.
    """
    facts = layout.sealed(Path(folder), FACTS)
    if facts["missing"]:
        raise InputError(folder, facts["missing"], "a study with animals that have them")
    return facts


def load(folder: str | os.PathLike):
    """Give the trained colorizer of a kept model, and its facts."""
    facts = read_facts(folder)
    networks = Path(folder) / NETWORKS
    module = methods.module("colorizers", facts["colorizer"])
    params = module.Params(**layout.read_header(networks)["params"])
    return module.build(params, DENSE).load(networks), facts
