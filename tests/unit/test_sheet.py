"""CSV files as people and spreadsheets save them, and Parquet files of any program."""

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from chromapal import sheet
from chromapal.errors import InputError
from chromapal.worms import parquet_cells, registry, tables

ROW = {
    "worm": "1", "lab": "EY", "x": 1, "y": 2, "z": 3, "xr": 0.5, "yr": 1.0, "zr": 1.5,
    "weight": 1.0, "R": 10, "G": 20, "B": 30, "W": 40, "ID": "AVAL", "fold": "2",
}  # fmt: skip


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_what_a_spreadsheet_leaves_around_a_table_is_passed_over(tmp_path):
    text = "sep=,\r\n a ,b,,\r\n1,2,,\r\n,,,\r\n 3 ,,,\r\n\r\n4,5\r\n , ,,\r\n"
    assert sheet.read(written(tmp_path, text, "utf-8-sig")) == (
        ["a", "b"], [3, 5, 7], [["1", "2"], [" 3 ", ""], ["4", "5"]],
    )  # fmt: skip
    assert sheet.read(written(tmp_path, "")) == ([], [], [])
    # a column without a name, as of an index, is no column
    assert sheet.read(written(tmp_path, ",a\n0,x\n1,y\n")) == (["a"], [2, 3], [["x"], ["y"]])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a;b\n1;2,5\n", "cells separated by semicolons"),
        ("sep=;\na;b\n", "cells separated by semicolons"),
        ("a\tb\n1\t2\n", "cells separated by tabs"),
        ("a,b\n1\n", "line 2: found 1 cells; expected 2"),
        ("a,b\n1,2,3\n", "line 2: found 3 cells; expected 2"),
        ("# a table\na,b\n", "line 2: found 2 cells; expected 1, as in the header ('# a table')"),
        ("a, a\n", "two columns a"),
        ("a,b\n1,\xfc\n", "no readable CSV file"),
    ],
)
def test_other_files_are_one_line(tmp_path, text, found):
    path = written(tmp_path, text, "latin-1")
    with pytest.raises(InputError) as caught:
        sheet.read(path)
    assert found in str(caught.value) and len(str(caught.value)) < 300 + len(str(tmp_path))


def test_a_row_may_lack_cells_where_that_is_allowed(tmp_path):
    assert sheet.read(written(tmp_path, "a,b\n1\n"), short=True)[2] == [["1", ""]]


def test_a_table_of_many_columns_is_read(tmp_path):
    more = [f"c{k}" for k in range(20_000)]
    lines = [",".join([*ROW, *more])] + [",".join([*map(str, ROW.values()), *more])] * 3
    path = written(tmp_path, "\n".join(lines))
    assert len(tables.read(path)[0]) == 3


def test_many_bad_worms_are_found_among_good_ones(tmp_path):
    rows = [ROW | {"worm": f"w{k}", "R": -1 if k in (3, 40, 63) else 1} for k in range(64)]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    neurons, entries = tables.read(tmp_path / "t.csv")
    assert [entry["worm"] for entry in entries] == ["w3", "w40", "w63"]
    assert neurons["worm"].tolist() == [f"w{k}" for k in range(64) if k not in (3, 40, 63)]


def parquet_file(tmp_path, metadata=None, **changes):
    columns = {name: [value, value] for name, value in ROW.items()} | changes
    content = pa.table(columns)
    path = tmp_path / "t.parquet"
    parquet.write_table(content.replace_schema_metadata(metadata), path)
    return path


@pytest.mark.parametrize(
    "metadata",
    [
        {}, {"pandas": ""}, {"pandas": "[" * 100_000}, {"pandas": '{"index_columns": ["gone"]}'},
        {"pandas": '{"index_columns": [], "columns": [{"name": "x", "numpy_type": "no"}]}'},
    ],
)  # fmt: skip
def test_what_another_program_wrote_about_columns_is_ignored(tmp_path, metadata):
    path = parquet_file(tmp_path, metadata)
    neurons, entries = tables.read(path)
    assert neurons["ID"].tolist() == ["AVAL", "AVAL"] and not entries
    assert parquet_cells.keys(path, ("worm", "lab", "fold"), tuple(ROW)) == {("1", "EY", "2")}


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"ID": [list("CEPVR"), None]}, ["CEPVR", ""]),
        ({"ID": [b"AVAL\0\0", b""]}, ["AVAL", ""]),
        ({"ID": pa.array(["AVAL", None]).dictionary_encode()}, ["AVAL", ""]),
        ({"ID": pa.nulls(2)}, ["", ""]),
        ({"ID": pa.array(["AVAL", "?"], pa.large_string())}, ["AVAL", "?"]),
    ],
)
def test_labels_of_any_type_are_read(tmp_path, changes, ids):
    assert tables.read(parquet_file(tmp_path, **changes))[0]["ID"].tolist() == ids


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("fold", [[1], [2]], "list"), ("worm", [["a"], ["b"]], "list"), ("R", [[1], [2]], "list"),
        ("path", [["a"], ["b"]], "list"), ("ID", [{"a": 1}, {"a": 2}], "struct"),
        ("worm", [1.5, 2.0], "double"), ("xr", [{"v": 1.0}] * 2, "struct"),
    ],
)  # fmt: skip
def test_a_column_of_a_wrong_type_is_one_line(tmp_path, column, values, kind):
    path = parquet_file(tmp_path, **{column: values})
    with pytest.raises(InputError, match=rf"column {column} of type {kind}"):
        tables.read(path)
    count = registry.source("tables").count({"laboratory": "", "tables": str(tmp_path)}, [path])
    assert count[0] in ({"EY": 1}, {})  # what cannot be read counts as empty


def test_a_file_that_promises_too_many_rows_is_not_unpacked(tmp_path):
    path = tmp_path / "t.parquet"
    count = parquet_cells.MAX_ROWS + 1
    same = {name: pa.array([value]).dictionary_encode() for name, value in ROW.items()}
    nothing = pa.array([0], pa.int32()).take(pa.array([0] * 1, pa.int32()))
    assert len(nothing) == 1
    columns = {
        name: pa.DictionaryArray.from_arrays(pa.repeat(0, count).cast(pa.int32()), one.dictionary)
        for name, one in same.items()
    }
    parquet.write_table(pa.table(columns), path)
    assert path.stat().st_size < 1e6
    for call in (tables.read, lambda path: parquet_cells.keys(path, ("worm",), ())):
        with pytest.raises(InputError, match=f"{count} rows; expected at most"):
            call(path)


@pytest.mark.parametrize("fold", ["\xb2", "9" * 5000, "1e3", "-1"])
def test_a_fold_that_is_no_short_number_is_none(tmp_path, fold):
    pd.DataFrame([ROW | {"fold": fold}]).to_csv(tmp_path / "t.csv", index=False)
    config = {"laboratory": "", "tables": str(tmp_path)}
    found = registry.source("tables").count(config, [str(tmp_path / "t.csv")])
    assert found == ({"EY": 1}, ())
