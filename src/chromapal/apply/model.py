"""The trained model of a study, which names and colours new worms."""

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal import methods, provenance
from chromapal.apply import facts, typical
from chromapal.apply.facts import NETWORKS, UNREADABLE
from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.identify.identifier import GRAY
from chromapal.prepare.features import channels
from chromapal.prepare.normalise import Normalisation, Normaliser
from chromapal.training import layout
from chromapal.training.layout import FACTS
from chromapal.training.settings import Training
from chromapal.worms import geometry
from chromapal.worms.table import SUBJECT, WORM

LOGGER = logging.getLogger("chromapal")
DENSE = True


@dataclass(frozen=True)
class ModelTask:
    """What a trained model is made of.

    Attributes
    ----------
    colorizer : str
        A colorizer that names neurons before it colours them; see
        `chromapal.colorizers.common.named_colour`.
    params : dict
        The study's changes to its `Params`.
    features : sequence of str
        Feature sets by which new worms can be named, position and gray among them.
    """

    colorizer: str
    params: dict
    features: Sequence[str]


def train_model(
    neurons: str | os.PathLike,
    task: ModelTask,
    normalisation: Normalisation,
    study: str,
    code: str,
    training: Training,
    out: str | os.PathLike,
):
    """Train on all worms of a study at once; worms are held out only for calibration.

    Parameters
    ----------
    neurons : path-like
        The study's neurons. Worms with names and gray are used for training.
    task : ModelTask
        What is trained.
    normalisation : Normalisation
        The colour scale and the source of gray.
    study, code : str
        The study's name, and the digest of the model's code, which file names may follow.
    training : Training
        Device, threads, seed, and the checkpoints from which an interrupted training resumes.
    out : path-like
        Folder, written whole or not at all: `model.json` with facts that new worms are compared
        with, and the trained colorizer, unless no worm has names, gray and colour. Feature sets
        with a channel that no named worm has are left out.
    """
    neurons = pd.read_parquet(neurons)
    normaliser = Normaliser.fit(neurons, **vars(normalisation))
    neurons = normaliser.transform(neurons)
    worms = neurons.groupby(WORM)
    named = neurons["name"].ne("").groupby([neurons[key] for key in WORM]).transform("any")
    # whoever lacks gray teaches where neurons lie, if worms are named by position alone
    has_gray = worms["gray"].transform("count").eq(worms["gray"].transform("size"))
    usable = named & (has_gray | (typical.POSITION in task.features))
    training_neurons = neurons[usable].reset_index(drop=True)
    feature_sets = _learnable(training_neurons, task.features)
    content = {
        "study": study,
        "version": provenance.version(),
        "code_digest": code.split()[0],
        "lock_digest": provenance.lock_digest(),
        "seed": training.seed,
        "features": feature_sets,
        "colorizer": task.colorizer,
        "normaliser": normaliser.to_json(),
        "missing": "",
        "full_scales": {},
        **_worm_facts(training_neurons),
    }
    if normalisation.colour_scale == "full_scale":
        # only this scale depends on a camera's full scale
        content["full_scales"] = neurons.groupby("lab")["full_scale"].max().to_dict()
    with whole(out) as folder:
        folder.mkdir()
        if training_neurons[["gray", "r", "g", "b"]].notna().all(axis=1).any():
            module = methods.module("colorizers", task.colorizer)
            params = methods.params("colorizers", task.colorizer, task.params)
            model = module.build(params, DENSE)
            how = training.seed, training.device, training.threads, training.folder
            model.learn(training_neurons, *how, feature_sets)
            model.identifier.learn_spurious(training.seed)
            model.save(folder / NETWORKS)
            content["names"] = model.identifier.transformer.classes_.tolist()
            content["typical"] = typical.learn(model.identifier, training_neurons)
        else:
            content["missing"] = "no worm with names, gray and colour to learn from"
        layout.seal(folder, FACTS, content)
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: trained on %d worms", out, len(content["animals"]))


def _learnable(neurons: pd.DataFrame, features: Sequence[str]) -> list[str]:
    """Return the feature sets whose channels some worm has, richest last; gray is the first."""
    sets = sorted(features, key=lambda name: (name != GRAY, len(channels(name))))
    learnable = []
    for name in sets:
        complete = neurons[list(channels(name))].notna().all(axis=1)
        if complete.groupby([neurons[key] for key in WORM]).all().any():
            learnable.append(name)
        else:
            LOGGER.warning("no named worm has the channels of %s; left out of the model", name)
    return learnable


def _worm_facts(training: pd.DataFrame) -> dict:
    """Describe the worms that a model was trained on."""
    worms = training.drop_duplicates(WORM)
    counts = training.groupby(WORM).size()
    each = [rows for _, rows in training.groupby(WORM, sort=False)]
    sizes = np.array([geometry.size(rows) for rows in each] or np.zeros((1, 3)))
    return {
        "animals": worms[WORM].to_numpy().tolist(),
        "fingerprints": [geometry.fingerprint(rows) for rows in each],
        "sizes": np.column_stack([sizes.min(axis=0), sizes.max(axis=0)]).tolist(),
        "neurons": [int(counts.min()), int(counts.max())] if len(counts) else [0, 0],
        "subjects": {
            fact: np.unique(worms[fact][worms[fact] != ""].to_numpy(dtype=str)).tolist()
            for fact in SUBJECT
        },
    }


def load(folder: str | os.PathLike):
    """Return the trained colorizer of a model, and the model's facts.

    Nothing in the folder is trusted: its checksums say that files belong together, not where they
    come from. Numbers are bounded before anything is made of them.

    Raises
    ------
    InputError
        See `chromapal.apply.facts.read`; or the networks' files cannot be what this model's
        colorizer wrote.
    """
    known = facts.read(folder)
    networks = Path(folder) / NETWORKS
    try:
        header = layout.read_header(networks, advice=layout.RETRAIN, finite=True)
        params = methods.params("colorizers", known["colorizer"], header["params"])
        facts.check_networks(networks, params)
        model = methods.module("colorizers", known["colorizer"]).build(params, DENSE).load(networks)
        facts.check_model(model, known)
    except InputError as error:
        raise InputError(networks, error.found, error.expected, layout.RETRAIN) from None
    except UNREADABLE as error:
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0][:80]
        raise InputError(
            networks, f"unusable networks ({reason})", "those of a study", layout.RETRAIN
        ) from None
    # a new worm may have a training worm's name; it is none of them, or it would be skipped
    for alignment in model.identifier.alignments.values():
        nameless = alignment.handedness.known.assign(worm="")
        alignment.handedness = replace(alignment.handedness, known=nameless)
    return model, known
