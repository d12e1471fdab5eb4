"""Files of anchors about new worms: which worm, which neuron, and what is refused."""

import pandas as pd
import pytest

from chromapal.apply import plan
from chromapal.apply.correct import stated
from chromapal.errors import InputError


def answers():
    position = {"xr": [0.0, 10.0, 20.0], "yr": 0.0, "zr": 0.0}
    worms = [("EY", "one"), ("EY", "two"), ("SF", "a b")]
    return pd.concat(
        [pd.DataFrame({"lab": lab, "worm": worm, **position}) for lab, worm in worms],
        ignore_index=True,
    )


def counts():
    return pd.concat([answers(), answers()[:1].assign(worm="dark")], ignore_index=True)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return str(path)


HEAD = "neuron,says,lab,worm,x,y,z,who,sure"


def test_a_file_is_about_the_worm_in_its_columns_whatever_it_is_called(tmp_path):
    path = write(tmp_path / "anchors(1).csv", HEAD, "1,AVAL,EY,two,10,0,0,me,sure")
    found = stated([path], counts(), answers())
    assert {worm: said.names for worm, said in found.items()} == {("EY", "two"): {1: "AVAL"}}


def test_without_columns_its_path_says_which_worm(tmp_path):
    path = write(tmp_path / "EY/one.csv", "neuron,says", "0,RIH", "2,-")
    found = stated([path], counts(), answers())
    assert found["EY", "one"].names == {0: "RIH"} and found["EY", "one"].excluded == {2}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["neuron,says", "0,RIH"], "no columns lab and worm, and no new worm of this path"),
        ([HEAD, "0,RIH,EY,three,0,0,0,,"], "not among these worms"),
        ([HEAD, "0,RIH,EY,dark,0,0,0,,"], "'EY dark', skipped"),
        ([HEAD, "0,RIH,EY,one,0,0,0,,", "1,AVAL,EY,two,10,0,0,,"], "2 worms"),
        ([HEAD, "7,RIH,EY,one,0,0,0,,"], "neuron '7'"),
        ([HEAD, "0,RIH,EY,one,9.5,0,0,,"], "9.5 um away; expected a neuron within 1 um"),
        ([HEAD, "0,RIH,EY,one,0,5,0,,"], "no neuron lies there"),
        (["neuron;says", "0;RIH"], "semicolons"),
    ],
)
def test_what_does_not_fit_is_left_out_in_a_line(tmp_path, caplog, lines, reason):
    good = write(tmp_path / "SF/a-b.csv", HEAD, "0,RIH,SF,a b,0.4,0,0.3,,")
    assert set(stated([write(tmp_path / "x.csv", *lines), good], counts(), answers())) == {
        ("SF", "a b")
    }
    assert reason in caplog.text and caplog.text.count("left out") == 1


def test_a_new_segmentation_is_told_which_neuron_lies_there(tmp_path, caplog):
    path = write(tmp_path / "x.csv", HEAD, "0,RIH,EY,one,9.5,0,0,,")
    assert not stated([path], counts(), answers())
    assert "neuron 1 lies there" in caplog.text


def test_two_files_about_one_worm_are_both_left_out(tmp_path, caplog):
    paths = [
        write(tmp_path / f"anchors{number}.csv", HEAD, f"{number},RIH,EY,one,{10 * number},0,0,,")
        for number in range(2)
    ]
    assert stated(paths, counts(), answers()) == {}
    assert "one file a worm" in caplog.text and "remove the older one" in caplog.text


def test_a_folder_of_anchors_that_has_none_is_a_mistake(tmp_path):
    assert plan.anchor_files("") == []
    with pytest.raises(InputError, match="no folder"):
        plan.anchor_files(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no CSV file"):
        plan.anchor_files(str(tmp_path))
    path = write(tmp_path / "deep/x.csv", HEAD)
    assert plan.anchor_files(str(tmp_path)) == [path]


def test_positions_that_are_no_numbers_are_not_compared(tmp_path):
    path = write(tmp_path / "x.csv", HEAD, "0,RIH,EY,one,,,,,")
    assert stated([path], counts(), answers())["EY", "one"].names == {0: "RIH"}
