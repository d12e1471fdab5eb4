"""A transformer's training that was killed ends as if it had not been, and repeats nothing."""

import os
import signal

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal.apply import model
from chromapal.classifiers.common import whole_worms
from chromapal.classifiers.common.feature_tables import Sources
from chromapal.classifiers.common.feature_tables import Task as NamingTask
from chromapal.colorizers.common.run import Run, train
from chromapal.identify import align
from chromapal.identify.context_task import Task
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.prepare.normalise import Normalisation
from chromapal.prepare.variants import Smote
from chromapal.training import loop
from chromapal.training.settings import Training
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from chromapal.worms.table import PER_WORM

STEPS, MEMBERS = 6, 2
SMALL = {
    "steps": STEPS, "members": MEMBERS, "width": 16, "layers": 1, "heads": 2, "dropout": 0.3,
}  # fmt: skip
AXES = ["u", "v", "w"]


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def steps(monkeypatch):
    """Count the steps of all trainings; whoever sets `limit` has them killed after so many."""

    class Counted:
        taken, limit = 0, None

    counted, original = Counted(), Task.training_step

    def training_step(self, packs, index):
        if counted.taken == counted.limit:
            raise Killed
        counted.taken += 1
        return original(self, packs, index)

    monkeypatch.setattr(Task, "training_step", training_step)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    return counted


def killed(steps, limit, job, *arguments):
    steps.taken, steps.limit = 0, limit
    with pytest.raises((Killed, SystemExit)):
        job(*arguments)
    steps.taken, steps.limit = 0, None


def neurons(worms=9, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    home = rng.normal(0, 20, (8, 3))
    parts = []
    for worm in range(worms):
        chosen = np.sort(rng.permutation(8)[: rng.integers(5, 9)])
        position = home[chosen] + rng.normal(0, 3, (len(chosen), 3))
        parts.append(
            pd.DataFrame(position, columns=AXES).assign(
                name=[f"N{number}" if rng.random() < 0.9 else "" for number in chosen],
                worm=worm,
                lab="AB"[worm % 2],
            )
        )
    return pd.concat(parts, ignore_index=True)


def fit(checkpoints=None, table=None, seed=0, **changes):
    table = neurons() if table is None else table
    made = Transformer(TransformerSettings(**{**SMALL, **changes}), seed, "cpu", checkpoints)
    worms = table["worm"].to_numpy(), table["lab"].to_numpy(), table["name"].to_numpy(dtype=str)
    return made.fit({"position": View(table[AXES], *worms)})


def weights(fitted) -> list[bytes]:
    return [
        value.numpy().tobytes()
        for network in fitted.networks_
        for value in network.state_dict().values()
    ]


@pytest.mark.parametrize("limit", [1, 3, STEPS - 1, STEPS, STEPS + 2, MEMBERS * STEPS - 1])
def test_a_killed_fit_goes_on_from_its_last_step(limit, steps, tmp_path):
    uninterrupted = weights(fit())
    assert steps.taken == MEMBERS * STEPS
    killed(steps, limit, fit, tmp_path)
    resumed = fit(tmp_path)
    assert steps.taken == MEMBERS * STEPS - limit
    assert weights(resumed) == uninterrupted
    # nothing is left but the members' weights, for whoever asked to remove
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"] * MEMBERS


def test_a_fit_killed_again_and_again_ends_in_the_same_network(steps, tmp_path):
    uninterrupted = fit()
    for _ in range(MEMBERS * STEPS - 1):
        killed(steps, 1, fit, tmp_path)
    resumed = fit(tmp_path)
    assert steps.taken == 1
    assert weights(resumed) == weights(uninterrupted)
    logs, others = (each.held_out_["position"][0] for each in (resumed, uninterrupted))
    for one, other in zip(logs, others, strict=True):
        assert torch.equal(one, other)


def test_nothing_is_written_before_a_checkpoint_is_due(steps, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 3600)
    killed(steps, STEPS - 1, fit, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [{"seed": 5}, {"learning_rate": 1e-3}, {"table": neurons(seed=1)}, {"weight_decay": 0.5}],
    ids=lambda changes: next(iter(changes)),
)
def test_the_checkpoint_of_another_fit_is_not_used(changes, steps, tmp_path):
    killed(steps, STEPS + 2, fit, tmp_path)
    other = fit(tmp_path, **changes)
    assert steps.taken == MEMBERS * STEPS
    assert weights(other) == weights(fit(**changes))


def test_the_checkpoint_of_other_code_is_not_used(steps, tmp_path, monkeypatch):
    killed(steps, STEPS + 2, fit, tmp_path)
    monkeypatch.setattr(loop.provenance, "digest", lambda code: "edited")
    fit(tmp_path)
    assert steps.taken == MEMBERS * STEPS


def test_a_polite_kill_is_no_success_and_goes_on(steps, tmp_path, monkeypatch, caplog):
    original = Task.training_step

    def training_step(self, packs, index):
        if steps.taken == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, packs, index)

    uninterrupted = weights(fit())
    steps.taken = 0
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(Task, "training_step", training_step)
        fit(tmp_path)
    assert end.value.code == 128 + signal.SIGTERM
    assert "terminated at step" in caplog.text
    # the step under way is finished, and kept
    assert steps.taken == 4
    assert weights(fit(tmp_path)) == uninterrupted
    assert steps.taken == MEMBERS * STEPS


def contents(path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    files = [file for file in path.rglob("*") if file.is_file()]
    assert files
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def write_fold(path) -> pd.DataFrame:
    """Write a fold of worms with position, gray and colour; the last is tested."""
    worms = SimulationParams(worms=6, laboratories=2, neurons=20)
    parts = []
    for index in range(worms.worms):
        worm = simulate_worm(worms, 3, index)[0]
        role = "train" if index < 4 else "validation" if index == 4 else "test"
        parts.append(worm.assign(role=role, inner=0 if role == "test" else 1, colour=True))
    table = pd.concat(parts, ignore_index=True)
    span = table[["xr", "yr", "zr"]]
    table[AXES] = ((span - span.min()) / (span.max() - span.min())).to_numpy()
    for name, channel in zip("rgb", "RGB", strict=True):
        table[name] = table[channel] / table[channel].max()
    name = table["ID"].mask(table["ID"].str.contains("?", regex=False), "")
    for fact in set(PER_WORM) - set(table):
        table[fact] = ""
    gray = table["W"] / table["W"].max()
    table = table.assign(
        row=range(len(table)), name=name, gray=gray, luminance=gray, weight_n=1.0, colour=True
    )
    table.to_parquet(path)
    return table


def training(checkpoints):
    return Training("cpu", "fp32", 1, 7, str(checkpoints))


def classify(folder, name, checkpoints):
    out = folder / f"{name}.parquet"
    whole_worms.name_fold(
        folder / "neurons.parquet", "fold0", Sources({"": None}, {}),
        NamingTask("neuron_transformer", SMALL, "no_background", ["position", "position+gray"]),
        Smote(2, 5.0), training(checkpoints), out, folder / f"{name}_network",
    )  # fmt: skip
    return out


def colorize(folder, name, checkpoints):
    out = folder / name
    train(
        folder / "neurons.parquet",
        None,
        Run("identify_then_colour_stacked", SMALL, "no_background", "worm", 16, 4.0),
        Smote(2, 5.0), training(checkpoints), out, folder / f"{name}.csv",
        folder / f"{name}.parquet",
    )  # fmt: skip
    return out


def train_model(folder, name, checkpoints):
    out = folder / name
    model.train_model(
        folder / "neurons.parquet",
        model.ModelTask("identify_then_colour", SMALL, ["position+gray", "position+rgb"]),
        Normalisation("rank_normal", "white"), "study", "code", training(checkpoints), out,
    )  # fmt: skip
    return out


@pytest.mark.parametrize(
    ("job", "fits"),
    [(classify, 1), (colorize, 1), (train_model, 1)],
    ids=["classify", "train", "keep"],
)
def test_a_killed_job_goes_on_to_the_same_bytes(job, fits, steps, tmp_path, monkeypatch):
    # the alignment is no training, and each of the three runs would repeat it
    learnt, original = {}, align.fit

    def align_once(training, *arguments):
        channels = training[0].channels.shape[1]
        if channels not in learnt:
            learnt[channels] = original(training, *arguments)
        return learnt[channels]

    monkeypatch.setattr(align, "fit", align_once)
    write_fold(tmp_path / "neurons.parquet")
    checkpoints = tmp_path / "checkpoints"
    whole = contents(job(tmp_path, "whole", checkpoints))
    total = fits * MEMBERS * STEPS
    assert steps.taken == total
    assert not checkpoints.exists()
    # in the last member of the last fit: all before it is finished
    killed(steps, total - 2, job, tmp_path, "resumed", checkpoints)
    assert contents(job(tmp_path, "resumed", checkpoints)) == whole
    assert steps.taken == 2
    assert not checkpoints.exists()
