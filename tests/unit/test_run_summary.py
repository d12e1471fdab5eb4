"""Over all new worms of a run: which classes were found, and how many labels are named right."""

import numpy as np
import pandas as pd
import pytest

from chromapal.apply import summary
from chromapal.evaluate.tables.answers import parts_of_names
from chromapal.files import read_json

KNOWN = pd.Index(["AVAL", "AVAR", "RID", "RMDDL", "RMDDR", "SIADL", "SIADR"])


def answers(*rows):
    """Return neurons: worm, label, answer, right, class probability."""
    columns = ["worm", "name", "answer", "right", "class_probability"]
    found = pd.DataFrame(rows, columns=columns).assign(lab="EY")
    blank = pd.DataFrame(np.zeros((len(found), len(KNOWN))), columns=KNOWN)
    parts = parts_of_names(found["answer"], blank)
    return found.assign(**{key: part for key, part in parts.items() if key not in found})


def test_parts_of_names_by_hand():
    chance = pd.DataFrame(
        [[0.5, 0.25, 0, 0, 0, 0.125, 0], [0, 0, 0, 0.5, 0.125, 0, 0], [0.25] * 7, [0.125] * 7],
        columns=KNOWN,
    )
    found = parts_of_names(pd.Series(["AVAR", "RMDDL", "AVA", ""]), chance)
    assert {key: part.tolist() for key, part in found.items()} == {
        "class": ["AVA", "RMDD", "AVA", ""],
        "side": ["right", "left", "", ""],
        "dorsal_ventral": ["", "dorsal", "", ""],
        "ganglion": ["lateral", "ventral", "lateral", ""],
        "class_probability": [0.75, 0.625, 0.5, 0],
    }


def test_classes_are_counted_by_worm():
    table = summary.classes(
        answers(
            ("a", "", "AVAL", "", 0.9),
            ("a", "", "AVAR", "", 0.8),
            ("a", "", "RID", "", 0.3),
            ("b", "", "AVAR", "", 0.7),
            ("b", "", "RMDD", "", 0.95),
            ("c", "", "", "", 0.0),
        ),
        KNOWN,
        0.8,
    ).set_index("class")
    assert table.index.tolist() == ["AVA", "RID", "RMDD", "SIAD"]
    assert set(table["worms"]) == {3}
    assert table["named"].tolist() == [2, 1, 1, 0]
    assert table["found"].tolist() == [1, 0, 1, 0]
    assert table["left"].fillna(-1).tolist() == [1, -1, 0, 0]  # RID stands alone
    assert table["right"].fillna(-1).tolist() == [1, -1, 0, 0]
    assert table["neurons"].tolist() == [3, 1, 1, 0]
    assert table["probability"].tolist()[:3] == pytest.approx([0.8, 0.3, 0.95])
    assert np.isnan(table["probability"]["SIAD"])
    assert table["ganglion"].tolist() == ["lateral", "dorsal", "ventral", "ventral"]


LABELLED = (
    ("a", "AVAL", "AVAL", "yes", 0.9),
    ("a", "AVAL", "AVAR", "no", 0.9),
    ("a", "RID", "", "no", 0.0),
    ("a", "AVA", "AVAR", "yes", 0.9),  # the label leaves the side open
    ("a", "SIA?L", "SIADL", "yes", 0.9),
    ("a", "GLIA9", "RID", "no", 0.9),
    ("a", "", "RID", "", 0.9),
    ("b", "AVAL", "AVA", "yes", 0.9),  # the answer does
    ("b", "RID", "RID", "yes", 0.9),
    ("c", "", "AVAL", "", 0.9),
)


def test_labels_named_right_are_counted_by_worm_and_in_all():
    table = summary.accuracy(answers(*LABELLED), KNOWN).set_index("worm")
    assert table.index.tolist() == ["a", "b", "c", "all"]
    counts = ["neurons", "labelled", "unknown", "right", "right_without_side"]
    assert table[counts].to_numpy().tolist() == [
        [7, 6, 1, 3, 0],
        [2, 2, 0, 1, 1],
        [1, 0, 0, 0, 0],
        [10, 8, 1, 4, 1],
    ]
    shares = table[["accuracy", "class_accuracy"]].fillna(-1).to_numpy().tolist()
    # of a the one with the other side counts among classes
    assert shares == [[3 / 6, 4 / 6], [1 / 2, 1], [-1, -1], [4 / 8, 6 / 8]]


def test_it_is_said_and_written(tmp_path, caplog):
    caplog.set_level("INFO", logger="chromapal")
    neurons, chances = tmp_path / "n.parquet", tmp_path / "p.parquet"
    answers(*LABELLED).to_parquet(neurons)
    pd.DataFrame(0.0, index=range(10), columns=KNOWN).to_parquet(chances)
    outs = [tmp_path / name for name in ("c.csv", "a.csv", "a.json")]
    summary.write_summary(neurons, chances, 0.8, {"model": "m", "worms": "w"}, *outs)
    assert caplog.messages == [
        "EY a: 3 of 6 labelled neurons named right; labels that are no name the model knows: 1; "
        "neurons without label: 1",
        "EY b: 1 of 2 labelled neurons named right; right without a side, as sides are undecided: "
        "1; neurons without label: 0",
        "all worms: 4 of 8 labelled neurons named right; right without a side, as sides are "
        "undecided: 1; labels that are no name the model knows: 1; neurons without label: 2",
    ]
    assert outs[1].read_text().splitlines()[4] == "all,all,10,8,1,4,1,0.5,0.75"
    assert outs[0].read_text().splitlines()[2] == "RID,dorsal,3,2,2,,,3,0.9"
    assert read_json(outs[2]) == {"model": "m", "worms": "w"}
