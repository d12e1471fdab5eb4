import pytest

from chromapal.errors import InputError
from chromapal.evaluate.tables import main, reference

HEAD = "table,row,column,published,ours,source"


@pytest.fixture
def folders(tmp_path):
    ours, theirs = tmp_path / "tables", tmp_path / "reference"
    for folder in (ours, theirs):
        folder.mkdir()
        write(folder, "T,a,MSE,0.1,0.50,x", "T,b,MSE,0.2,,x")
    return ours, theirs


def write(folder, *rows, name="summary.csv", head=HEAD):
    (folder / name).write_text("\n".join([head, *rows]) + "\n")


def test_equal_tables_have_not_moved(folders):
    assert reference.compare(*folders) == (["summary.csv: as in the reference"], 0)


def test_within_tolerance_is_no_move_and_beyond_it_is(folders):
    write(folders[0], "T,b,MSE,0.2,,x", "T,a,MSE,0.1,0.55,x")
    assert reference.compare(*folders)[1] == 0
    write(folders[0], "T,b,MSE,0.2,,x", "T,a,MSE,0.1,0.56,x")
    lines, code = reference.compare(*folders)
    assert code == 1
    assert lines == ["summary.csv: 1 moved", "  table=T row=a column=MSE: ours '0.50' -> '0.56'"]
    assert reference.compare(*folders, {"ours": 0.1})[1] == 0


def test_exact_columns_text_and_cells_that_came_or_went_move(folders):
    write(folders[0], "T,a,MSE,0.1001,0.50,y", "T,b,MSE,0.2,0.3,x")
    lines, code = reference.compare(*folders)
    assert code == 1 and lines[0] == "summary.csv: 3 moved"
    assert any("ours '' -> '0.3'" in line for line in lines)
    assert any("source 'x' -> 'y'" in line for line in lines)
    assert any("published '0.1' -> '0.1001'" in line for line in lines)


def test_rows_and_tables_that_came_or_went(folders):
    write(folders[0], "T,a,MSE,0.1,0.50,x", "T,c,MSE,0.2,,x")
    lines, _ = reference.compare(*folders)
    assert lines[1:] == [
        "  table=T row=c column=MSE: new row",
        "  table=T row=b column=MSE: row is gone",
    ]
    (folders[0] / "summary.csv").unlink()
    assert reference.compare(*folders)[0][1] == "  the study has no such table"


def test_confusions_that_are_absent_count_as_none(folders):
    head = "classifier,colorizer,variant,features,true_class,predicted_class,count"
    for folder in folders:
        write(folder, "svm,,v,f,ADA,ADA,9", name="confusion.csv", head=head)
    write(folders[0], "svm,,v,f,ADA,ADA,9", "svm,,v,f,ADA,AVG,3", name="confusion.csv", head=head)
    assert reference.compare(*folders)[1] == 0
    write(folders[0], "svm,,v,f,ADA,ADA,9", "svm,,v,f,ADA,AVG,4", name="confusion.csv", head=head)
    assert reference.compare(*folders)[1] == 1


def test_a_missing_folder_and_a_wrong_call_are_one_line(folders, tmp_path, capsys):
    with pytest.raises(InputError, match="no such folder"):
        reference.compare(tmp_path / "nowhere", folders[1])
    (folders[1] / "summary.csv").unlink()
    with pytest.raises(InputError, match="no table"):
        reference.compare(*folders)
    assert reference.main([str(tmp_path / "nowhere"), str(folders[1])]) == 2
    assert reference.main([]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_main_says_what_moved(folders, capsys):
    assert reference.main([str(folder) for folder in folders]) == 0
    write(folders[0], "T,a,MSE,0.1,9,x", "T,b,MSE,0.2,,x")
    assert reference.main([str(folder) for folder in folders]) == 1
    assert "ours '0.50' -> '9'" in capsys.readouterr().out


def test_keys_and_tolerances_name_columns_that_exist():
    columns = {
        "colour.csv": main.COLOUR, "identity.csv": main.IDENTITY, "worms.csv": main.WORMS,
        "losses.csv": main.LOSSES,
    }  # fmt: skip
    for name, known in columns.items():
        assert set(reference.KEYS[name]) <= set(known)
    summary = {"ours", "baseline", "second_baseline"}
    assert set(reference.TOLERANCES) <= set().union(*columns.values(), summary, {"right", "count"})
