from pathlib import Path

import pandas as pd
import pytest

from chromapal.columns import FEATURES
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.entries import TEXT
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables import differences, reference, tolerances

REFERENCE = Path(__file__).resolve().parents[2] / "results/reference"
LOSSES = "study,colorizer,variant,sample,grid,fold,seed,epoch,step,train_loss,validation_loss"
COLOUR = "study,colorizer,variant,sample,grid,fold,lab,mse,ssim,training_device,training_precision"


def write(folder, name, head, *rows):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n")
    return folder


def colour(folder, network="0.5", mean="0.7", pooled="0.6", ssim="0.9", precision="fp32"):
    """Write a table of one network, in one laboratory and over all, and one baseline."""
    return write(
        folder, "colour", COLOUR,
        f"s,resnet18_fusion,v,worm,64,all,A,{network},{ssim},cpu,{precision}",
        f"s,resnet18_fusion,v,worm,64,all,all,{pooled},{ssim},cpu,{precision}",
        f"s,mean_colour,v,worm,64,all,A,{mean},0.1,,",
    )  # fmt: skip


@pytest.fixture
def folders(tmp_path):
    return colour(tmp_path / "tables"), colour(tmp_path / "reference/s")


def measured(folders, *runs):
    tolerances.write([folders[1], *runs], folders[1].parent / reference.TOLERANCES)


def test_equal_tables_have_not_moved(folders):
    assert reference.compare(*folders) == (["colour.csv: as in the reference"], 0)


def test_without_tolerances_nothing_moves_but_the_last_digit(folders):
    colour(folders[0], network="0.500001", mean="0.700001")
    assert reference.compare(*folders)[1] == 0
    colour(folders[0], mean="0.70002")
    lines, code = reference.compare(*folders)
    assert code == 1
    assert lines == [
        "colour.csv: 1 moved",
        "  study=s colorizer=mean_colour variant=v sample=worm grid=64 fold=all lab=A: "
        "mse '0.7' -> '0.70002'",
    ]


def test_tolerances_are_half_as_much_again_as_the_largest_difference_between_runs(
    folders, tmp_path
):
    runs = [
        colour(tmp_path / "one", network="0.46", pooled="0.61"),
        colour(tmp_path / "two", network="0.52"),
    ]
    found = tolerances.measure([folders[1], *runs])
    # 0.52 and 0.46 of a laboratory, 0.61 and 0.6 over all; the baseline did not move
    assert found.drop(columns="runs").to_numpy().tolist() == [
        ["colour", "mse", "network", "all", pytest.approx(0.01), pytest.approx(0.015), False],
        ["colour", "mse", "network", "lab", pytest.approx(0.06), pytest.approx(0.09), False],
    ]
    assert set(found["runs"]) == {3}
    measured(folders, *runs)
    colour(folders[0], network="0.59", pooled="0.585")
    assert reference.compare(*folders)[1] == 0
    for moved in ({"network": "0.5901"}, {"pooled": "0.6151"}, {"mean": "0.701"}, {"ssim": "0.91"}):
        colour(folders[0], **moved)
        assert reference.compare(*folders)[1] == 1, moved


def test_what_networks_were_trained_with_is_told_and_is_no_move(folders):
    colour(folders[0], precision="bf16")
    lines, code = reference.compare(*folders)
    assert code == 0
    assert lines[1:] == [
        "networks were trained with cpu bf16; those of the reference with cpu fp32"
    ]


def test_a_cell_that_came_or_went_moves_unless_it_did_so_between_runs(folders, tmp_path):
    colour(folders[0], ssim="")
    lines, code = reference.compare(*folders)
    assert code == 1 and "ssim '0.9' -> ''" in lines[1]
    measured(folders, colour(tmp_path / "one", ssim=""))
    assert reference.compare(*folders)[1] == 0
    # that it may be empty does not say that it may be anything
    colour(folders[0], ssim="0.8")
    assert reference.compare(*folders)[1] == 1


def epochs(folder, count, run="resnet18_fusion"):
    rows = [f"s,{run},v,worm,64,fold0,1,{epoch},{epoch + 1},0.5,0.5" for epoch in range(count)]
    return write(folder, "losses", LOSSES, *rows)


def test_rows_that_came_or_went_move_unless_as_many_did_between_runs(folders, tmp_path):
    epochs(folders[1], 4)
    epochs(folders[0], 5)
    lines, code = reference.compare(*folders)
    assert code == 1 and lines[2].endswith("epoch=4: new row")
    epochs(folders[0], 3)
    assert reference.compare(*folders)[0][2].endswith("epoch=3: row is gone")
    other = epochs(colour(tmp_path / "one"), 6)
    measured(folders, other)
    for count, code in ((7, 0), (1, 0), (8, 1)):
        epochs(folders[0], count)
        assert reference.compare(*folders)[1] == code, count


def test_tables_and_columns_that_came_or_went_move(folders):
    write(folders[0], "skipped", "file,lab,worm,stage,reason")
    lines, code = reference.compare(*folders)
    assert (lines[-1], code) == ("not in the reference, and not compared: skipped.csv", 0)
    write(folders[0], "colour", COLOUR.replace(",ssim", ",r2"))
    lines, code = reference.compare(*folders)
    assert code == 1
    assert lines[1:3] == ["  column ssim is gone", "  column r2 is new: commit the table again"]
    (folders[0] / "colour.csv").unlink()
    assert reference.compare(*folders)[0][1] == "  the study has no such table"
    write(folders[1], "colours", COLOUR)
    assert "no table of this name" in reference.compare(*folders)[0][3]


def test_timings_are_not_compared(folders):
    write(folders[1], "timings", "job,started,seconds", "a,0,1")
    write(folders[0], "timings", "job,started,seconds", "a,0,2")
    assert reference.compare(*folders)[1] == 0


def test_confusions_that_are_absent_count_as_none(folders, tmp_path):
    head = "classifier,colorizer,variant,features,true_class,predicted_class,count"
    row = "svm,net,v,predicted,ADA,"
    for folder in folders:
        write(folder, "confusion", head, f"{row}ADA,9")
    other = write(colour(tmp_path / "one"), "confusion", head, f"{row}ADA,9", f"{row}AVG,2")
    measured(folders, other)
    for count, code in ((3, 0), (4, 1)):
        write(folders[0], "confusion", head, f"{row}ADA,9", f"{row}AVG,{count}")
        assert reference.compare(*folders)[1] == code


def test_a_table_that_was_not_measured_has_the_tolerance_of_the_same_column_or_unit(folders):
    def of(*cell):
        return tolerances.Tolerances(table).of(*cell).size

    table = tolerances.measure([folders[0], folders[1]][:1] * 2)
    assert table.empty and of("identity", "accuracy", "network", "all") == 0
    rows = [
        ("identity", "accuracy", "network", "all", 3, 0.02, 0.03, False),
        ("identity", "accuracy", "network", "lab", 3, 0.04, 0.06, False),
        ("identity", "top5", "network", "lab", 3, 0.06, 0.09, False),
        ("losses", differences.ROW, "network", "fold", 3, 2, 3, False),
    ]
    table = table.reindex(range(4))
    table[:] = rows
    assert of("identity", "accuracy", "network", "lab") == 0.06
    assert of("identity", "majority", "network", "lab") == 0
    # by the column's name; by its unit in rows of the level; by its unit
    assert of("ganglia", "accuracy", "network", "lab") == 0.06
    assert of("ganglia", "class_accuracy", "network", "lab") == 0.09
    assert of("worms", "assigned", "network", "fold+lab") == 0.09
    # no unit in common, no network, or text
    assert of("colour", "delta_e", "network", "lab") == 0
    assert of("ganglia", "accuracy", "other", "lab") == 0
    assert of("places", "confused_with", "network", "all") == 0
    assert of("image_losses", differences.ROW, "network", "fold") == 3


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"colorizer": "resnet18_fusion"}, "network"),
        ({"colorizer": "lab_resnet18"}, "network"),
        ({"colorizer": "copy_gray"}, "other"),
        ({"colorizer": "", "classifier": "neuron_transformer"}, "network"),
        ({"colorizer": "", "classifier": "mlp", "features": "position+rgb"}, "other"),
        ({"classifier": "mlp", "features": "position+gray+predicted"}, "network"),
        ({"setting": "in context (transformer)"}, "network"),
        ({"setting": "alone (atlas)"}, "other"),
        ({"source": "random_forest on position, all test rows"}, "other"),
        ({"source": "resnet18_fusion, worm samples, grid 64"}, "network"),
        ({"worm": "resnet18_fusion"}, "other"),
    ],
)
def test_rows_behind_which_a_network_stands(cells, kind):
    assert differences.kinds(pd.DataFrame([cells])).tolist() == [kind]


def test_measuring_one_table_keeps_the_lines_of_others(folders, tmp_path):
    out = tmp_path / "tolerances.csv"
    head = "set,run,colorizer,psnr"
    images = [
        write(tmp_path / name, "images", head, f"a,b,lab_resnet18,{psnr}")
        for name, psnr in (("i", 20), ("j", 21))
    ]
    tolerances.write(images, out)
    tolerances.write([folders[1], colour(tmp_path / "one", network="0.4")], out)
    assert out.read_text().splitlines() == [
        "table,column,rows,level,runs,largest,tolerance,changes",
        "colour,mse,network,lab,2,0.1,0.15,",
        "images,psnr,network,all,2,1,1.5,",
    ]
    tolerances.write([folders[1], colour(tmp_path / "one", network="0.45")], out)
    assert "colour,mse,network,lab,2,0.05,0.075," in out.read_text()


def test_mistakes_are_one_line(folders, tmp_path, capsys):
    with pytest.raises(InputError, match="no such folder"):
        reference.compare(tmp_path / "nowhere", folders[1])
    write(folders[0], "colour", COLOUR, *["s,n,v,worm,64,all,A,1,1,cpu,fp32"] * 2)
    with pytest.raises(InputError, match="several rows for one key"):
        reference.compare(*folders)
    write(folders[0], "colour", "study,mse", "s,1")
    with pytest.raises(InputError, match="columns study, mse"):
        reference.compare(*folders)
    (folders[1] / "colour.csv").unlink()
    with pytest.raises(InputError, match="no table"):
        reference.compare(*folders)
    with pytest.raises(InputError, match="no table that all runs have"):
        tolerances.measure(folders)
    out = str(tmp_path / "tolerances.csv")
    assert reference.main([str(tmp_path / "nowhere"), str(folders[1])]) == 2
    assert reference.main([]) == tolerances.main([out]) == 2
    assert tolerances.main([out, *map(str, folders)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
    assert not Path(out).exists()


def test_main_says_what_moved(folders, capsys):
    arguments = [str(folder) for folder in folders]
    assert reference.main(arguments) == 0
    colour(folders[0], mean="9")
    assert reference.main(arguments) == 1
    assert "mse '0.7' -> '9'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "path", sorted(REFERENCE.glob("*/*.csv")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_committed_table_is_in_the_dictionary_and_can_be_compared(path):
    table = differences.read(path, path.stem)
    assert set(table.columns) <= set(TABLES[path.stem].names)
    assert differences.differences(path.stem, table, table).empty
    if len(table) > 1:
        # a study may leave rows empty, the first of them too
        row, number = next(
            (row, name)
            for row in range(len(table))
            for name in table.columns[::-1]
            if TABLES[path.stem].units[name] != TEXT and table[name].iloc[row] not in ("", "0")
        )
        spoilt = table.copy()
        spoilt.iloc[row, list(table.columns).index(number)] = "-77"
        found = differences.differences(path.stem, spoilt, table)
        assert "-77" in found["now"].tolist() or number in TABLES[path.stem].keys


def test_committed_tolerances_name_what_exists():
    table = tolerances.Tolerances.read(REFERENCE / reference.TOLERANCES).table
    for name, column in table[["table", "column"]].itertuples(index=False):
        assert column in (*TABLES[name].names, differences.ROW)
    assert set(table["rows"]) <= {differences.NETWORK, differences.OTHER}
    assert set(table["level"]) <= {"all", "fold", "lab", "fold+lab"}


def test_every_feature_set_is_told_from_a_network_by_predicted_colour():
    found = differences.kinds(pd.DataFrame({"features": list(FEATURES)}))
    assert [name for name, kind in zip(FEATURES, found, strict=True) if kind == "network"] == [
        "predicted", "position+gray+predicted",
    ]  # fmt: skip
