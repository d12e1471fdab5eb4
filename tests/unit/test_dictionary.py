"""The column dictionary says something about every column, and tables are held to it."""

import pandas as pd
import pytest

from chromapal import provenance
from chromapal.evaluate.dictionary.shared import SHARED
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.write import distinct, write_table


@pytest.mark.parametrize("name", TABLES)
def test_every_column_stands_once_and_has_a_meaning(name):
    table = TABLES[name]
    assert len(set(table.names)) == len(table.names)
    assert table.keys and set(table.keys) <= set(table.names)
    for column in table.columns:
        # a cell of a table in Markdown, and a sentence
        assert not set("|\n") & set(column.meaning + column.unit), column.name
        assert len(column.meaning.split()) > 1 and column.meaning.endswith("."), column.name


def test_what_is_shared_is_used():
    used = {id(column) for table in TABLES.values() for column in table.columns}
    assert [name for name, column in SHARED.items() if id(column) not in used] == []


def test_one_name_has_one_kind_in_the_tables_that_are_read_together():
    text = {
        (column.name, column.unit == "text")
        for table in TABLES.values()
        if table.path.startswith("tables/")
        for column in table.columns
    }
    assert len(text) == len({name for name, _ in text})


@pytest.mark.parametrize(
    "module",
    [
        "worms/collect.py", "colorizers/common/run.py", "colorizers/common/run_images.py",
        "classifiers/common/naming.py", "identify/run.py", "apply/model.py", "apply/name.py",
    ],
)  # fmt: skip
def test_another_word_in_a_meaning_computes_nothing_but_tables_again(module):
    closure = set()
    provenance._collect(provenance.PACKAGE / module, closure)
    assert provenance.PACKAGE / "columns.py" in closure
    meanings = provenance.PACKAGE / "evaluate/dictionary"
    assert meanings.is_dir() and not [path for path in closure if path.is_relative_to(meanings)]


def row(**changes):
    return pd.DataFrame([dict.fromkeys(TABLES["ganglia"].names, 1) | changes])


def test_a_table_is_written_in_the_order_of_the_dictionary(tmp_path):
    write_table("ganglia", row(accuracy=0.5)[TABLES["ganglia"].names[::-1]], tmp_path / "g.csv")
    assert (tmp_path / "g.csv").read_text() == (
        "study,classifier,colorizer,variant,features,ganglion,lab,neurons,accuracy,"
        "class_accuracy\n1,1,1,1,1,1,1,1,0.5,1\n"
    )
    write_table("ganglia", pd.DataFrame(), tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == ",".join(TABLES["ganglia"].names) + "\n"


@pytest.mark.parametrize("table", [row(precise=1), row().drop(columns="accuracy")])
def test_a_column_that_only_table_or_dictionary_has_is_refused(table, tmp_path):
    with pytest.raises(ValueError, match=r"table ganglia.*(precise|accuracy)"):
        write_table("ganglia", table, tmp_path / "g.csv")
    assert not (tmp_path / "g.csv").exists()


def test_distinct_parts_of_texts():
    assert distinct(pd.Series(["bf16+fp32", "", "fp32"])) == "bf16+fp32"
    assert distinct(pd.Series(["", ""])) == ""
