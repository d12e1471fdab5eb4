"""A new source of worms costs one file and one value of the schema."""

import json

import pandas as pd
import pytest

from chromapal.worms import table
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from tests.workflow.conftest import TINY, copy_project, snakemake, write_trained_model

TOY = '''"""Toy worms: a neuron per line, numbers and a name between semicolons."""

from chromapal.worms.registry import Source


class Toy(Source):
    """One worm a file."""

    suffixes = (".toy",)
    words = "toy worms"

    def read(self, path, lab, full_scales):
        """Read one worm."""
        import pandas as pd

        from chromapal.errors import InputError
        from chromapal.worms import tables

        try:
            cells = pd.read_csv(path, sep=";", dtype="str", keep_default_na=False)
        except ValueError as error:
            raise InputError(path, f"no toy worm ({error})", "one") from None
        return tables.parsed(cells, path, lab, full_scales)


SOURCE = Toy()
'''
WORMS = SimulationParams(worms=4, laboratories=2, neurons=30)
COLUMNS = ["worm", "x", "y", "z", "xr", "yr", "zr", "weight", "R", "G", "B", "W", "ID"]
STUDY = {**TINY, "source": "toy", "folder": "toys"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project that knows toy worms."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    (folder / "src/chromapal/worms/sources/toy.py").write_text(TOY)
    path = folder / "workflow/schemas/config.schema.json"
    schema = json.loads(path.read_text())
    schema["properties"]["source"]["enum"].append("toy")
    path.write_text(json.dumps(schema))
    return folder


def write_toys(folder, indices):
    """Write worms as toys, and one file that holds none; returns the worms by name."""
    worms = [simulate_worm(WORMS, 1, index)[0] for index in indices]
    for worm in worms:
        lab, name = worm[["lab", "worm"]].iloc[0]
        (folder / lab).mkdir(parents=True, exist_ok=True)
        worm[COLUMNS].to_csv(folder / lab / f"{name}.TOY", sep=";", index=False)
    (folder / "empty.toy").touch()
    return {worm["worm"].iloc[0]: worm for worm in worms}


def same(found, worms):
    assert set(found["worm"]) == set(worms)
    for name, rows in found.groupby("worm"):
        for column in ("x", "zr", "R", "W"):
            assert rows[column].tolist() == pytest.approx(worms[name][column].tolist())


def test_a_study_reads_it(tmp_path, project):
    worms = write_toys(tmp_path / "toys", range(3))
    wanted = "results/tiny/neurons.parquet"
    done = snakemake(tmp_path, STUDY, wanted, project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    same(table.read(tmp_path / wanted), worms)
    skipped = pd.read_csv(tmp_path / "results/tiny/skipped.csv")
    assert "found no toy worm" in skipped["reason"].loc[skipped["worm"].isna()].item()
    # the whole study follows, its report too
    done = snakemake(tmp_path, STUDY, "-n", project=project)
    text = done.stdout + done.stderr
    assert done.returncode == 0 and "rule write_report:" in text and "rule load_worms:" not in text
    # an edited reader reads again
    source = project / "src/chromapal/worms/sources/toy.py"
    source.write_text(TOY.replace('"one")', '"a whole one")'))
    done = snakemake(tmp_path, STUDY, "-n", project=project)
    source.write_text(TOY)
    assert "rule load_worms:" in done.stdout + done.stderr


def test_new_worms_come_from_it_beside_other_files(tmp_path, project):
    write_trained_model(tmp_path / "results/kept")
    worms = write_toys(tmp_path / "new", range(2))
    other = simulate_worm(WORMS, 1, 2)[0]
    other.to_csv(tmp_path / "new/SIM1/other.csv", index=False)
    wanted = "results/applied/new/neurons.parquet"
    keys = ("--config", "model=results/kept", "worms=new")
    done = snakemake(tmp_path, None, wanted, *keys, project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    same(table.read(tmp_path / wanted), {**worms, other["worm"].iloc[0]: other})
    listed = pd.read_csv(tmp_path / "results/applied/new/sources.skipped.csv")
    assert "empty.toy: found no toy worm" in listed["reason"].item()


def test_a_folder_that_holds_none_is_one_line(tmp_path, project):
    (tmp_path / "toys").mkdir()
    done = snakemake(tmp_path, STUDY, "-n", project=project)
    line = "config key 'folder': found no such file in 'toys'; expected a folder with .toy files"
    assert done.returncode != 0 and line in done.stdout + done.stderr
    done = snakemake(tmp_path, {**STUDY, "source": "tables"}, "-n", project=project)
    assert "config key 'tables': found nothing" in done.stdout + done.stderr
