"""What a user does wrong ends in one clear line, and does not stop the other worms."""

import copy

import pytest

from tests.workflow.conftest import TINY, snakemake


def changed(**keys):
    return {**copy.deepcopy(TINY), **keys}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (changed(fold=3), "'fold' was unexpected"),
        (changed(folds="three"), "config key 'folds'"),
        (changed(colour_scale="sepia"), "config key 'colour_scale'"),
        (changed(runs=[{"colorizers": ["crayons"]}]), "'crayons'"),
        (
            changed(params={"colorizers": {"resnet18_fusion": {"step": 4}}}),
            "config key 'params.colorizers.resnet18_fusion.step'",
        ),
        (changed(folds=7), "7 folds"),
        (changed(simulate={"worms": 1, "laboratories": 1, "neurons": 30}), "1 worm"),
        (changed(source="tables", tables="nowhere"), "nowhere"),
        (changed(source="tables"), "config key 'tables'"),
    ],
)
def test_a_wrong_config_is_named_before_anything_runs(tmp_path, config, named):
    done = snakemake(tmp_path, config, "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert named in text
    assert "Traceback" not in text


def test_an_empty_folder_is_an_error_before_anything_runs(tmp_path):
    (tmp_path / "empty").mkdir()
    done = snakemake(tmp_path, changed(source="tables", tables="empty"))
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "empty" in text and "Traceback" not in text
    assert not (tmp_path / "results").exists()
