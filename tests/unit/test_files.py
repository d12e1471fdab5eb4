"""Outputs appear whole or not at all, and equal content is equal bytes."""

import pandas as pd
import pytest

from chromapal import files


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.whole(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_the_old_folder_as_a_whole(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/old.json").touch()
    with files.whole(tmp_path / "model") as part:
        part.mkdir()
        (part / "new.json").touch()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["new.json"]


def test_csv_is_sorted_with_six_digits_and_plain_line_ends(tmp_path):
    table = pd.DataFrame({"name": ["b", "a"], "value": [1 / 3, 2.0]})
    files.write_csv(table, tmp_path / "t.csv", sort_by=["name"])
    assert (tmp_path / "t.csv").read_bytes() == b"name,value\na,2\nb,0.333333\n"


def test_json_does_not_depend_on_the_order_of_keys(tmp_path):
    files.write_json({"b": 1, "a": [2]}, tmp_path / "one.json")
    files.write_json({"a": [2], "b": 1}, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert files.read_json(tmp_path / "one.json") == {"a": [2], "b": 1}
