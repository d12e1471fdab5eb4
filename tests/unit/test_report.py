"""The report shows what the tables hold, fetches nothing, and survives hostile names."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from chromapal.columns import SCOPE, SKIPPED, UNKNOWN_LABELS
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.report import headline, parts
from chromapal.evaluate.report.html import Html, figure, number, numbers, section, table
from chromapal.evaluate.report.notebook import POLICY, render

ROOT = Path(__file__).parents[2]
CONFIG = {
    "study": "made", "source": "simulate", "split": "worm", "gray_source": "luminance",
    "colour_scale": "rank_normal", "align": "none",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> & 'q' </table>"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


class Page(HTMLParser):
    """Collect tags with their attributes, and text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def empty_tables(folder: Path):
    """Write the study's tables without a row, as a study that ran nothing has them."""
    folder.mkdir()
    for name, columns in {
        name: TABLES[name].names
        for name in (
            "colour",
            "identity",
            "worms",
            "summary",
            "skipped",
            "scope",
            "unknown_labels",
        )
    }.items():
        pd.DataFrame(columns=list(columns)).to_csv(folder / f"{name}.csv", index=False)


def filled_tables(folder: Path):
    """Write tables of one network, its baselines and one classifier."""
    empty_tables(folder)
    pooled = {"study": "made", "variant": "no_background", "fold": "all", "lab": "all", "worms": 3}
    colour = pd.DataFrame(
        [
            {**pooled, "colorizer": name, "sample": "worm", "grid": 64, "mse": mse,
             "chroma_r2": chroma, "colourfulness_ratio": 0.7, "delta_e": 12.25}
            for name, mse, chroma in (
                ("mean_colour", 0.9, 0.0), ("copy_gray", 0.8, 0.0), ("resnet18_fusion", 0.5, 0.25)
            )
        ]
    )  # fmt: skip
    identity = pd.DataFrame(
        [
            {**pooled, "classifier": "random_forest", "features": features,
             "colorizer": "resnet18_fusion" * ("predicted" in features), "accuracy": accuracy,
             "low": accuracy - 0.05, "high": accuracy + 0.05, "majority": 0.081, "chance": 0.011,
             "recovery_ratio": 0.125 if features == "position+gray+predicted" else np.nan}
            for features, accuracy in (
                ("position+gray", 0.2), ("position+gray+predicted", 0.225), ("position+rgb", 0.4)
            )
        ]
    )  # fmt: skip
    skipped = pd.DataFrame(
        [("a/b.nwb", "HL", HOSTILE, "source", "found <b>3</b> labels; expected 4")],
        columns=list(SKIPPED),
    )
    scope = pd.DataFrame(
        [("HL", HOSTILE, "gray", "W <b>0</b> for 9 of 9 neurons", "a count of its own")],
        columns=list(SCOPE),
    )
    summary = pd.DataFrame(
        [("Results", "Full Dataset (w/ BG)", "MSE", 0.0144, np.nan, 0.9, "mean colour")],
        columns=TABLES["summary"].names[:7],
    )
    for name, rows in {
        "colour": colour.reindex(columns=TABLES["colour"].names), "skipped": skipped,
        "unknown_labels": pd.DataFrame([("HL", "Q/H", 12, 3)], columns=list(UNKNOWN_LABELS)),
        "scope": scope, "identity": identity.reindex(columns=TABLES["identity"].names),
        "summary": summary.reindex(columns=TABLES["summary"].names),
        "worms": pd.DataFrame({"lab": ["HL"], "worm": [HOSTILE]}).reindex(
            columns=TABLES["worms"].names
        ),
    }.items():  # fmt: skip
        rows.to_csv(folder / f"{name}.csv", index=False)


def rendered(folder: Path) -> tuple[str, Path]:
    notebook, page = folder / "report.ipynb", folder / "report.html"
    parameters = {
        "study": "made", "tables": str(folder / "tables"), "figures": str(folder),
        "drawn": [{"name": "losses", "section": "What the network sees", "caption": "losses"}],
        "config": CONFIG,
    }  # fmt: skip
    render(ROOT / "workflow/notebooks/report.ipynb", parameters, notebook, page)
    return page.read_text("utf-8"), notebook


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    filled_tables(folder / "tables")
    (folder / "losses.png").write_bytes(PIXEL)
    return rendered(folder)


def test_report_stands_alone(whole):
    page = Page(whole[0])
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object")]
    fetched = [
        attrs[name] for _, attrs in page.tags for name in ("src", "srcset", "data") if name in attrs
    ]
    assert fetched
    assert all(address.startswith("data:image/png;base64,") for address in fetched)
    assert not re.search(r"url\(|@import", whole[0])
    assert (
        "meta",
        {"http-equiv": "Content-Security-Policy", "content": POLICY},
    ) in page.tags


def test_report_hides_code_and_shows_results_beside_baselines(whole):
    words = " ".join("".join(Page(whole[0]).words).split())
    assert "import sys" not in words
    assert "resnet18 fusion 0.250, mean colour 0.000, copied gray 0.000" in words
    assert "predicted colours are 0.700 times as colourful" in words
    assert "0.400 from position+rgb (0.350 to 0.450), 0.200 from position+gray" in words
    assert "the commonest name 0.081, chance 0.011" in words
    assert "random forest 0.125" in words
    assert "simulated worms" in words


def test_hostile_names_stay_text(whole):
    assert HOSTILE in "".join(Page(whole[0]).words)
    assert "<script" not in whole[0]
    assert "<b>3</b>" not in whole[0]


def test_executed_notebook_is_kept_without_errors(whole):
    notebook = nbformat.read(whole[1], as_version=4)
    assert not [
        part for cell in notebook.cells for part in cell.get("outputs", [])
        if part.output_type == "error"
    ]  # fmt: skip


def test_studies_of_images_beside_it_are_linked(tmp_path):
    tables = tmp_path / "made/tables"
    assert "No image study" in parts.image_studies(tables)
    (tmp_path / "a'b/turing").mkdir(parents=True)
    (tmp_path / "a'b/turing/turing.html").write_text("")
    found = parts.image_studies(tables)
    assert "href='../../a%27b/report/report.html'>a&#x27;b</a>" in found


@pytest.mark.parametrize("name", ["report", "images"])
def test_source_notebook_is_committed_clean(name):
    notebook = nbformat.read(ROOT / f"workflow/notebooks/{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert notebook.metadata["language_info"]["name"] == "python"


def test_study_that_ran_nothing_still_has_a_report(tmp_path):
    empty_tables(tmp_path / "tables")
    words = "".join(Page(rendered(tmp_path)[0]).words)
    assert "no colorizer was run" in words
    assert "no classifier was run" in words
    assert "Nothing was skipped." in words
    assert "Every label names a known neuron." in words
    assert "Nothing is unusual." in words
    assert "“losses” was not drawn" in words


def test_undefined_recovery_is_said(tmp_path):
    filled_tables(tmp_path / "tables")
    path = tmp_path / "tables/identity.csv"
    pd.read_csv(path).assign(recovery_ratio=np.nan).to_csv(path, index=False)
    assert "recovery ratio is undefined" in parts.headline(tmp_path / "tables")


def test_published_columns_only_where_there_are_figures(tmp_path):
    filled_tables(tmp_path / "tables")
    shown = parts.published(tmp_path / "tables")
    assert "published" in shown
    assert ">ours<" in shown
    path = tmp_path / "tables/summary.csv"
    pd.read_csv(path).assign(published=np.nan).to_csv(path, index=False)
    assert "published" not in parts.published(tmp_path / "tables")


def test_numbers():
    assert number(0.12345) == "0.123"
    assert number(np.nan) == ""
    assert numbers(pd.Series([64.0, np.nan])).tolist() == ["64", ""]
    assert numbers(pd.Series([0.5, 1.0])).tolist() == ["0.500", "1.000"]
    assert numbers(pd.Series([12.25, 3.0])).tolist() == ["12.2", "3.0"]


def test_table_leaves_out_columns_without_values():
    frame = pd.DataFrame({"a": ["x"], "b": [""], "c": [np.nan], "d": [1.5]})
    heads = {name: name.upper() for name in frame}
    shown = table(frame, heads, "none")
    assert re.findall(r"<th(?: [^>]*)?>(.*?)</th>", shown) == ["A", "D"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", shown) == ["x", "1.500"]
    assert ">C</th>" in table(frame, heads, "none", keep=("c",))
    assert table(frame[:0], heads, "<none>") == "<p class='note'>&lt;none&gt;</p>"


def test_figure_carries_its_caption(tmp_path):
    (tmp_path / "x.png").write_bytes(PIXEL)
    (tmp_path / "x.rst").write_text("What <to>\nsee.\n")
    shown = figure(tmp_path, tmp_path, "x")
    assert "What &lt;to&gt; see." in shown
    assert "data:image/png;base64,iVBORw0" in shown


def test_keys_repeat_the_study():
    shown = "".join(Page(parts.keys(CONFIG)).words)
    assert json.loads(shown) == CONFIG


def test_a_section_shows_its_own_figures_below_what_else_it_has(tmp_path):
    rows = [
        {"name": name, "section": place, "caption": "colour"}
        for name, place in (("a", "one"), ("b", "two"), ("c", "one"))
    ]
    (tmp_path / "colour.rst").write_text("What it <shows>.")
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(PIXEL)
    shown = section(rows, tmp_path, tmp_path, "one", Html("<p>table</p>"))
    assert shown.startswith("<p>table</p><figure><img alt='a'")
    assert "What it &lt;shows&gt;." in shown and "“c” was not drawn" in shown
    assert "alt='b'" not in shown


def test_make_run_ends_with_the_same_sentences_and_where_to_go_on(tmp_path, capsys):
    study = tmp_path / "made"
    study.mkdir()
    filled_tables(study / "tables")
    path = study / "tables/identity.csv"
    # worms were aligned: names are given one to one
    named = pd.read_csv(path)
    named = named.assign(assigned=named["accuracy"] + 0.3, assigned_low=0.1, assigned_high=0.9)
    named.to_csv(path, index=False)
    (study / "model").mkdir()
    headline.main([str(study)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "Worms", "Names", "Colour", "Worth of predicted colour", "New worms", "Report",
    ]  # fmt: skip
    assert "one name to one neuron: 0.700 from position+rgb (0.100 to 0.900)" in lines[1]
    assert lines[-1] == f"Report: {study}/report/report.html"
    assert lines[-2] == f"New worms: make apply MODEL={study} WORMS=FOLDER"
    # the report says them too
    shown = parts.headline(study / "tables")
    assert all(line.partition(": ")[2] in unescape(shown) for line in lines[:4])


def test_a_study_that_names_from_predicted_colours_alone_has_its_sentence(tmp_path):
    filled_tables(tmp_path / "tables")
    path = tmp_path / "tables/identity.csv"
    named = pd.read_csv(path)
    named[named["features"].eq("position+gray+predicted")].to_csv(path, index=False)
    names = dict(headline.sentences(tmp_path / "tables"))["Names"]
    assert "random forest names right: 0.225 from position+gray+predicted" in names


def test_the_best_of_several_classifiers_is_called_so(tmp_path):
    filled_tables(tmp_path / "tables")
    path = tmp_path / "tables/identity.csv"
    named = pd.read_csv(path)
    other = named.assign(classifier="svm", accuracy=named["accuracy"] + 0.1)
    pd.concat([named, other]).to_csv(path, index=False)
    names = dict(headline.sentences(tmp_path / "tables"))["Names"]
    assert "svm, the best of 2 classifiers, names right: 0.500 from position+rgb" in names
