"""Names in a config file stay as they are written."""

import pytest
import yaml

from chromapal import written

SCHEMA = {
    "laboratory": {"type": "string"},
    "folds": {"type": "integer"},
    "dandi": {"type": "object", "properties": {"cache": {"type": "string"}}},
}


def read(tmp_path, *texts):
    config, paths = {}, []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
        config |= yaml.safe_load(text)
    return written.with_names(config, paths, SCHEMA)


@pytest.mark.parametrize("name", ["1", "NO", "000541", "1e3", "2024-01-01", "~", "0x1F", "EY"])
def test_a_laboratory_has_the_name_that_is_written(tmp_path, name):
    facts = f"{{full_scale: 60000, worms: {{{name}: mirrored, '07': right}}}}"
    found = read(tmp_path, f"laboratories: {{{name}: {facts}}}\nlaboratory: {name}\nfolds: 3\n")
    worms = {name: "mirrored", "07": "right"}
    assert found["laboratories"] == {name: {"full_scale": 60000, "worms": worms}}
    assert found["folds"] == 3
    assert found["laboratory"] == (None if name == "~" else name)


def test_files_and_the_command_line_come_together(tmp_path):
    found = read(tmp_path, "laboratories: {1: {}}\n", "dandi: {cache: 007, dandisets: {NO: [x]}}\n")
    assert found == {
        "laboratories": {"1": {}},
        "dandi": {"cache": "007", "dandisets": {"NO": ["x"]}},
    }
    assert written.stated(["laboratory=000541", "folds=2", "laboratory", "x=1"], SCHEMA) == {
        "laboratory": "000541"
    }


def test_one_unicode_form_and_no_fault_of_others(tmp_path):
    assert read(tmp_path, "laboratories: {Mu\u0308: {}}\n") == {"laboratories": {"M\xfc": {}}}
    selfish = "a: &a {1: *a}\n"
    found = read(tmp_path, selfish)
    assert found["a"]["1"]["1"] is not None
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    assert written.with_names({1: 2}, [tmp_path / "bad.yaml", tmp_path / "none"], {}) == {1: 2}
