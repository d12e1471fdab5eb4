"""What has changed since a person stated something: by hand, and on the page."""

import dataclasses

import pandas as pd

from chromapal.evaluate.pages import workbench
from chromapal.evaluate.pages.changes import changed
from tests.browser import driven, needs_chromium
from tests.new_worm import new_worm
from tests.unit.test_workbench_browser import HOSTILE, START


def table(names, status="model"):
    # sorted by review in a file, not by number
    return pd.DataFrame({"neuron": range(len(names)), "answer": names, "status": status})[::-1]


BEFORE = table(["AVAL", "AVAR", "RID", "RIH", ""])


def test_changes_by_hand():
    now = table(["AVAR", "AVAL", "RID", "", "M4"], ["person", "model", "person", "person", "model"])
    found = [tuple(row.values()) for row in changed(BEFORE, now, False)]
    assert found == [
        (1, "AVAR", "AVAL", False), (4, "", "M4", False),
        (0, "AVAL", "AVAR", True), (3, "RIH", "", True),
    ]  # fmt: skip
    assert changed(BEFORE, BEFORE, False) == []


def test_a_side_that_was_gained_or_lost_is_no_change():
    without = table(["AVA", "AVA", "RID", "AVB", ""])
    for one, other in ((BEFORE, without), (without, BEFORE)):
        assert [row["neuron"] for row in changed(one, other, True)] == [3]


@needs_chromium
def test_the_page_lists_changes_and_leads_to_each_neuron(tmp_path):
    names = ["RIH", HOSTILE, "AVAL"]
    worm = dataclasses.replace(
        new_worm(40), changed=changed(table(["RID", "RID", ""]), table(names), False)
    )
    driver = """
    const rows = [...part("changed").querySelectorAll("li")];
    saw.rows = rows.map((row) => row.textContent);
    saw.head = part("changed").querySelector("h2").textContent;
    rows[2].click();
    saw.current = state.current;
    saw.tags = document.querySelectorAll("img").length;
    saw.hidden = part("changed").hidden;
    done();
    """
    saw = driven(workbench.page(worm), START + driver, tmp_path, "--window-size=1280,800")
    assert saw["rows"] == ["RID →RIH", f"RID →{HOSTILE}", "no name →AVAL"]
    assert saw["current"] == 2 and saw["head"] == "Changed by anchors: 3, of which stated 0"
    assert saw["tags"] == 0 and saw["broken"] == [] and not saw["hidden"]
    saw = driven(workbench.page(new_worm(40)), START + driver.replace("rows[2].click();", ""),
        tmp_path, "--window-size=1280,800")  # fmt: skip
    assert saw["hidden"] and saw["rows"] == []
