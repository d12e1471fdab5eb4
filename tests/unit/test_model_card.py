"""The card of the model: numbers worked out from small tables, and in step with the model."""

import json

import pandas as pd
import pytest

from chromapal.apply import model_card, plan
from chromapal.provenance import PACKAGE

REFERENCE = PACKAGE.parents[1] / "results/reference"
FACTS = {
    "animals": [["EY", "a"], ["EY", "b"], ["XX", "c"]], "neurons": [9, 180], "names": ["AVAL"],
    "features": ["position", "position+gray"],
}  # fmt: skip


def worms(**columns):
    rows = {"measure": "identity", "classifier": "neuron_transformer", **columns}
    return pd.DataFrame(rows)


@pytest.fixture
def folders(tmp_path):
    for name in ("model", "study", "left_out"):
        (tmp_path / name).mkdir()
    (tmp_path / "model/model.json").write_text(json.dumps(FACTS))
    sets = ["position", "position", "position+white", "position+gray"]
    study = worms(lab=["EY", "XX", "EY", "EY"], features=sets, labelled=[150, 30, 150, 150],
                  assigned=[0.5, 0.9, 0.75, 0.25])  # fmt: skip
    colour = pd.DataFrame({"measure": ["colour"], "lab": ["EY"]})
    pd.concat([study, colour]).to_csv(tmp_path / "study/worms.csv", index=False)
    left_out = worms(lab=["EY", "XX"], features="position", labelled=9, assigned=[0.25, 0.5])
    atlas = left_out.assign(classifier="atlas_student", assigned=1.0)
    pd.concat([atlas, left_out]).to_csv(tmp_path / "left_out/worms.csv", index=False)
    about = {"classifier": "neuron_transformer", "lab": "all", "features": "position"}
    pd.DataFrame({**about, "ece": [0.0251]}).to_csv(tmp_path / "study/calibration.csv", index=False)
    coverage = {"coverage": [0.05, 0.5, 1.0], "precision": [0.97, 0.96, 0.6]}
    pd.DataFrame({**about, **coverage}).to_csv(tmp_path / "study/coverage.csv", index=False)
    return [tmp_path / name for name in ("model", "study", "left_out")]


def test_its_numbers_are_those_of_the_tables(folders, capsys):
    model_card.main(list(map(str, folders)))
    text = capsys.readouterr().out
    for row in (
        "| EY | 2 | 000541/0.241009.1457 |", "| XX | 1 |  |",
        # all; densely labelled; sparsely; EY; XX
        "| position alone | 2 | 0.700 | 0.500 | 0.900 | 0.500 | 0.900 |",
        # of studies' gray, which is luminance, the model knows nothing
        "| position and one gray channel | 1 | 0.750 | 0.750 |  | 0.750 |  |",
        # half of all names, the surest, are right in .96; no share in .98
        "| position alone | 0.025 | 50% | none |",
        "| position alone | 0.375 | 0.250 | 0.500 |",
    ):  # fmt: skip
        assert row in text
    assert "3 worms with names, of 9 to 180 neurons" in text


def test_the_card_that_comes_along_is_in_step():
    written = (plan.HEAD / "README.md").read_text()
    made = model_card.card(plan.HEAD, REFERENCE / "model_scores", REFERENCE / "identity_labs")
    assert made == written
