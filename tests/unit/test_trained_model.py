"""The facts of a trained model, and that a damaged one is refused in one line."""

import json

import numpy as np
import pandas as pd
import pytest

from chromapal.apply.model import FACTS, ModelTask, load, train_model
from chromapal.errors import InputError
from chromapal.prepare.normalise import Normalisation
from chromapal.training import layout
from chromapal.training.settings import Training
from chromapal.worms import table

CORNERS = np.array([[x, y, z] for x in (0, 12) for y in (0, 5) for z in (0, 2)], dtype=float)


def make_worm(worm, lab="EY", scale=1.0, full_scale=4095.0, **columns):
    blank = dict.fromkeys(table.PER_WORM, "")
    return pd.DataFrame({
        "worm": worm, "lab": lab, **dict.fromkeys("xyz", range(8)),
        **dict(zip(("xr", "yr", "zr"), CORNERS.T * scale, strict=True)), "weight": 1.0,
        "R": np.nan, "G": np.nan, "B": np.nan, "W": np.arange(8.0), "full_scale": full_scale,
        "ID": "AVA", "name": "AVA", "handedness": 0, **blank, **columns,
    })  # fmt: skip


def facts_of(tmp_path, colour_scale, *worms):
    pd.concat(worms).to_parquet(tmp_path / "neurons.parquet")
    # nobody has colours, so that no network is trained
    train_model(
        tmp_path / "neurons.parquet", ModelTask("identify_then_colour", {}, ["position+gray"]),
        Normalisation(colour_scale, "white"), "study", "code", Training("cpu", seed=1),
        tmp_path / "model",
    )  # fmt: skip
    return layout.sealed(tmp_path / "model", FACTS)


def test_a_model_tells_how_its_worms_lie(tmp_path):
    unnamed = make_worm("c", name="", scale=9)
    facts = facts_of(tmp_path, "rank_normal", make_worm("b"), make_worm("a", scale=2), unnamed)
    assert facts["animals"] == [["EY", "b"], ["EY", "a"]]
    assert np.allclose(facts["sizes"], [[12, 24], [5, 10], [2, 4]])
    # every corner is half a diagonal away: the root of 144 + 25 + 4 is 13.1529
    assert facts["fingerprints"] == [[8.0, *[6.5765] * 11], [8.0, *[13.1529] * 11]]


def test_full_scales_are_kept_for_the_scale_that_goes_by_them(tmp_path):
    worms = (
        make_worm("a"),
        make_worm("b", lab="SF", full_scale=5000.0),
        make_worm("c", "SF", name=""),
    )
    facts = facts_of(tmp_path, "full_scale", *worms)
    assert facts["full_scales"] == {"EY": 4095.0, "SF": 5000.0}
    assert facts_of(tmp_path, "rank_normal", *worms)["full_scales"] == {}


def test_a_study_without_colour_has_no_model_to_load(tmp_path):
    facts_of(tmp_path, "rank_normal", make_worm("a"))
    with pytest.raises(InputError, match="no worm with names, gray and colour"):
        load(tmp_path / "model")


@pytest.fixture
def model(tmp_path):
    (tmp_path / "net/deep").mkdir(parents=True)
    (tmp_path / "net/a.safetensors").write_bytes(b"weights")
    (tmp_path / "net/deep/b.json").write_text("{}")
    layout.seal(tmp_path, FACTS, {"missing": "", "neurons": [1, 2]})
    return tmp_path


def test_a_whole_model_is_read_with_the_digests_of_its_files(model):
    facts = layout.sealed(model, FACTS)
    assert facts["neurons"] == [1, 2]
    # sha256sum of `weights`, and of `{}`
    assert facts["files"] == {
        "net/a.safetensors": "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
        "net/deep/b.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    }
    (model / ".snakemake_timestamp").touch()  # what the model does not list is none of its files
    assert layout.sealed(model, FACTS) == facts


def edited(model, **changes):
    facts = json.loads((model / FACTS).read_text())
    (model / FACTS).write_text(json.dumps({**facts, **changes}))


DAMAGE = {
    "deleted": (
        lambda model: (model / "net/a.safetensors").unlink(),
        "a.safetensors: found no",
    ),
    "truncated": (
        lambda model: (model / "net/a.safetensors").write_bytes(b"weigh"),
        "a.safetensors: found a damaged or other file",
    ),
    "another's": (
        lambda model: (model / "net/deep/b.json").write_text("[]"),
        "b.json: found a",
    ),
    "edited": (lambda model: edited(model, neurons=[0, 2]), "found a damaged or edited file"),
    "bare": (
        lambda model: (model / FACTS).write_text(f'{{"layout": {layout.SEALED}}}'),
        "found a damaged or edited file",
    ),
    "old": (lambda model: (model / FACTS).write_text('{"layout": 2}'), "found layout 2; expected"),
    "no JSON": (lambda model: (model / FACTS).write_text('{"layout"'), "found invalid JSON"),
    "no text": (lambda model: (model / FACTS).write_bytes(b"\xff\xfe"), "found invalid JSON"),
    "no facts": (lambda model: (model / FACTS).unlink(), "model.json: found no file"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_model_is_refused_in_a_line_that_says_how_to_go_on(model, damage):
    do, line = DAMAGE[damage]
    do(model)
    with pytest.raises(InputError) as error:
        load(model)
    text = str(error.value)
    assert line in text and "run its study again" in text and "copy the folder whole" in text
    assert "\n" not in text
