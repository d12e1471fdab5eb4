"""Figures on names, drawn from tiny made tables, show what the tables hold."""

import base64
import hashlib
import html
import json
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from chromapal.evaluate.figures import (
    ablation,
    anchors,
    calibration,
    confused,
    handedness,
    peers,
    style,
    worm,
)
from chromapal.evaluate.pages import worm_page

RUN = {"study": "demo", "classifier": "svm", "colorizer": "", "variant": "no_background"}
HOSTILE = ("<script>alert(1)</script>", "$x$")
BLUE, ORANGE, GREEN = style.COLOURS[:3]


def made_calibration() -> pd.DataFrame:
    """Two feature sets of three bins, the last one empty; a second classifier is worse.

    Of each set there is also a laboratory that is named better than all are.
    """
    rows = []
    for classifier, less in (("svm", 0.0), ("atlas", 0.2)):
        for features, accuracies in (("position", (0.3, 0.7)), ("position+rgb", (0.25, 0.85))):
            for low, neurons, accuracy in zip((0, 0.5), (20, 60), accuracies, strict=True):
                rows.append(
                    {**RUN, "classifier": classifier, "features": features, "low": low,
                     "high": low + 0.5, "neurons": neurons, "confidence": low + 0.25,
                     "accuracy": accuracy - less}
                )  # fmt: skip
            rows.append(
                {**RUN, "classifier": classifier, "features": features, "low": 1.0, "high": 1.0,
                 "neurons": 0, "confidence": np.nan, "accuracy": np.nan}
            )  # fmt: skip
    # 20 neurons are 0.05 away, 60 are 0.05 away; then 0 and 0.1
    table = pd.DataFrame(rows)
    errors = table["features"].map({"position": 0.05, "position+rgb": 0.075})
    table = table.assign(lab="all", ece=errors)
    single = table.assign(lab="A", ece=0.5, accuracy=table["accuracy"] + 0.1, neurons=200)
    return pd.concat([single, table], ignore_index=True)


def made_coverage() -> pd.DataFrame:
    """Precision falls in a straight line with coverage."""
    return pd.DataFrame(
        {**RUN, "classifier": classifier, "features": features, "lab": lab, "coverage": share,
         "neurons": 80 * share, "threshold": 1 - share, "precision": 1 - fall * share}
        for classifier in ("svm", "atlas")
        for features, fall in (("position", 0.4), ("position+rgb", 0.2))
        for lab in ("all", "A")
        for share in (0.1, 0.4, 0.6, 1.0)
    )  # fmt: skip


def made_anchors() -> pd.DataFrame:
    return pd.DataFrame(
        {"study": "demo", "features": features, "strategy": strategy, "expert": expert,
         "anchors": count, "lab": lab, "worms": 9, "accuracy": 0.6 + gain * count + more - lost,
         "low": 0.55, "high": 0.9, "before": 0.6 + gain * count / 2 + more,
         "wrong": lost, "declined": 1, "all_accuracy": 0.7 + gain * count + more - lost,
         "all_low": 0.65, "all_high": 0.95}
        for features in ("position", "position+rgb")
        for strategy, gain in (("random", 0.01), ("asked", 0.03))
        for expert, lost in (("errs", 0.05), ("sure", 0.0))
        for count in (0, 2, 5)
        for lab, more in (("all", 0), (HOSTILE[1], 0.1), ("B", -0.1))
    )  # fmt: skip


def made_ablation() -> pd.DataFrame:
    settings = {
        "assignment": ["one name each", "each for itself"], "training worms": ["5", "40", "10"],
    }  # fmt: skip
    return pd.DataFrame(
        {"study": "demo", "question": question, "setting": setting, "order": 9 - order,
         "features": features, "lab": lab, "worms": 9, "accuracy": 0.5 + order / 10 + more,
         "low": 0.45 + order / 10 + more, "high": 0.58 + order / 10 + more, "top5": 0.9}
        for question, names in settings.items()
        for order, setting in enumerate(names)
        for features, more in (("position", 0), ("position+rgb", 0.2))
        for lab in ("all", "A", "B")
    )  # fmt: skip


def made_peers() -> pd.DataFrame:
    return pd.DataFrame(
        {"study": "demo", "classifier": "svm", "features": "position", "method": method,
         "lab": lab, "worms": 6, "ours": 0.7, "peer": peer, "difference": 0.7 - peer,
         "low": 0.65 - peer, "high": 0.78 - peer, "wins": 4, "ties": 1, "losses": 1, "p": p}
        for method, peer, p in (("weak", 0.5, 1e-5), (HOSTILE[1], 0.72, np.nan), ("near", 0.6, 0.2))
        for lab in ("all", "A", "B")
    )  # fmt: skip


def made_handedness() -> pd.DataFrame:
    """Of laboratory A's three worms one is wrong and doubtful; B's is undecided."""
    table = pd.DataFrame(
        {
            "lab": ["A", "A", "A", "B"], "worm": ["1", "2", *HOSTILE],
            "labels": [1, -1, -1, 0], "chosen": [1, -1, 1, 1],
            "source": ["evidence", "evidence", "evidence", "stated"],
            "probability": [0.99, 0.99, 0.6, 1.0], "doubtful": [0, 0, 1, 0],
            "suspect": [0, 0, 1, 0], "accuracy": [0.8, 0.9, 0.3, np.nan],
            "accuracy_mirrored": [0.2, 0.3, 0.7, np.nan],
        }
    )  # fmt: skip
    table = table.assign(study="demo", fold="fold0", neurons=100)
    worse = table.assign(accuracy=table["accuracy"] - 0.2)
    return pd.concat([worse.assign(features="position"), table.assign(features="position+rgb")])


def made_places() -> pd.DataFrame:
    """AVAL and AVAR are taken for one another; a hostile name was never tested."""
    return pd.DataFrame(
        [
            ("AVAL", 90.0, 2.0, 12.0, 10, 5, "AVAR", 4),
            ("AVAR", 90.0, 2.0, -12.0, 10, 6, "AVAL", 3),
            ("RIH", 100.0, -12.0, 0.0, 8, 6, "AVAL", 2), ("AIBL", 96.0, 1.0, 10.0, 4, 4, "", 0),
            (HOSTILE[1], 40.0, 5.0, 3.0, 0, 0, "", 0),
        ],
        columns=["name", *worm.BODY, "tested", "right", "confused_with", "confused"],
    ).assign(study="demo", classifier="svm", features="position")  # fmt: skip


def made_named() -> pd.DataFrame:
    """Five neurons: two right, one wrong, one unlabelled, one that has no place."""
    table = pd.DataFrame(
        {
            "name": ["AVAL", "RIH", "AVAR", "", "AIBL"],
            "answer": ["AVAL", "RIH", "AVAL", "SMDVL", "AIBL"],
            "probability": [0.9, 0.4, 0.5, 0.3, np.nan], "right": ["yes", "yes", "no", "", "yes"],
            "posterior": [90.0, 100, 91, 70, np.nan], "dorsal": [2.0, -12, 8, 0, np.nan],
            "left": [12.0, 0, -12, 5, np.nan],
        }
    )  # fmt: skip
    table = table.assign(
        lab="A", worm="one", row=[str(row) for row in range(5)], x=3.0, y=[1, 2, 3, 4, 5], z=7.5,
        ID=table["name"], second="RIB", third="", fourth="AIAL", fifth="",
        review=[4, 2, 3, 1, 5],
    )  # fmt: skip
    return table


def hostile(named: pd.DataFrame) -> pd.DataFrame:
    texts = ["lab", "worm", "ID", "name", "answer", "second"]
    other = ["</script><img src=x onerror=alert(2)>", HOSTILE[1], *[HOSTILE[0]] * 3]
    return named.assign(**dict.fromkeys(texts, HOSTILE[0])).assign(answer=other)


def curves(axes, width: float) -> list:
    return [line for line in axes.lines if line.get_linewidth() == width]


def words(axes) -> list[str]:
    return [note.get_text() for note in axes.texts]


def test_labels_are_moved_apart_no_farther_than_needed():
    assert calibration.spread_labels([0.5, 0.1, 0.9], 0.2).tolist() == pytest.approx(
        [0.5, 0.1, 0.9]
    )
    assert calibration.spread_labels([0.5, 0.5, 0.9], 0.2).tolist() == pytest.approx(
        [0.4, 0.6, 0.9]
    )
    moved = calibration.spread_labels([0.52, 0.5, 0.51], 0.1)
    assert moved.tolist() == pytest.approx([0.61, 0.41, 0.51])
    assert calibration.spread_labels([], 0.1).tolist() == []


def test_calibration_shows_the_best_classifier_and_marks_two_coverages():
    drawn = calibration.figure(made_calibration(), made_coverage())
    assert "(svm; named neurons only)" in drawn.get_suptitle()
    reliability, precision = drawn.axes
    assert list(reliability.lines[0].get_ydata()) == [0, 1]
    assert reliability.lines[1].get_ydata().tolist() == [0.3, 0.7]
    sizes = [part.get_sizes().tolist() for part in reliability.collections]
    assert sizes == [pytest.approx([8 + 130 / 3, 138])] * 2
    labels = [part.get_text() for part in drawn.legends[0].get_texts()]
    # all laboratories together, not A's 200 neurons
    assert labels[1:] == [
        "position: expected calibration error 0.050",
        "position+rgb: expected calibration error 0.075",
    ]
    assert curves(precision, 1.5)[0].get_ydata().tolist() == pytest.approx([0.96, 0.84, 0.76, 0.6])
    assert words(precision) == ["0.80", "0.90", "0.68", "0.84"]
    chosen = calibration.figure(made_calibration(), made_coverage(), "atlas")
    assert "(atlas;" in chosen.get_suptitle()


def test_calibration_without_coverage_shows_what_there_is():
    drawn = calibration.figure(made_calibration(), made_coverage().iloc[:0])
    assert len(drawn.axes) == 2
    assert words(drawn.axes[1]) == []


def test_anchors_draw_strategies_and_persons_thick_and_laboratories_thin():
    drawn = anchors.figure(made_anchors())
    assert [axes.get_title("left") for axes in drawn.axes[:2]] == ["position", "position+rgb"]
    whole, _, others, _ = drawn.axes
    expected = [("-", BLUE, 0.01, 0), ("--", BLUE, 0.01, 0.05)]
    expected += [("-", ORANGE, 0.03, 0), ("--", ORANGE, 0.03, 0.05)]
    for axes, start in ((whole, 0.7), (others, 0.6)):
        found = curves(axes, 2.4)
        assert len(found) == len(expected)
        for curve, (dashes, shade, gain, lost) in zip(found, expected, strict=True):
            assert (curve.get_linestyle(), curve.get_color()) == (dashes, shade)
            assert curve.get_xdata().tolist() == [0, 2, 5]
            heights = [start + gain * count - lost for count in (0, 2, 5)]
            assert curve.get_ydata().tolist() == pytest.approx(heights)
    assert not curves(whole, 1.4) and not curves(whole, 0.7)
    _, before = curves(others, 1.4)
    assert before.get_ydata().tolist() == pytest.approx([0.6, 0.63, 0.675])
    assert len(curves(others, 0.7)) == 4
    assert words(others) == [r"\$x\$", "B"]
    for axes, ends in ((whole, (0.65, 0.95)), (others, (0.55, 0.9))):
        band = axes.collections[0].get_paths()[0].vertices
        assert (band[:, 1].min(), band[:, 1].max()) == ends


def test_ablation_has_a_panel_per_question_and_a_curve_of_training_worms():
    drawn = ablation.figure(made_ablation())
    points, curve = drawn.axes
    # by the table's order, not the alphabet's
    settings = [label.get_text() for label in points.get_yticklabels()]
    assert settings == ["each for itself", "one name each"]
    pooled = points.containers[0].lines[0]
    by_height = dict(zip(pooled.get_ydata().round(), pooled.get_xdata(), strict=True))
    assert by_height == {0.0: 0.6, 1.0: 0.5}
    bar = points.containers[0].lines[2][0].get_segments()[0]
    assert bar[:, 0].tolist() == pytest.approx([0.45, 0.58])
    assert len(points.collections[0].get_offsets()) == 2 * 2
    line = curve.containers[0].lines[0]
    assert line.get_xdata().tolist() == [5, 10, 40]
    assert line.get_ydata().tolist() == pytest.approx([0.5, 0.7, 0.6])
    assert curve.get_title("left") == "training worms"


def test_peers_are_compared_with_the_strongest_classifier_only():
    strong = made_peers().assign(ours=0.9, features="position+rgb")
    weak = made_peers().assign(classifier="weak", ours=0.2)
    found = peers.best_features(pd.concat([weak, made_peers(), strong], ignore_index=True))
    assert set(found["classifier"]) == {"svm"}
    assert set(found["features"]) == {"position", "position+rgb"} and len(found) == 18


def test_peers_stand_best_first_with_wins_and_p():
    drawn = peers.figure(made_peers())
    left, right = drawn.axes
    names = [label.get_text().split("\n")[0] for label in left.get_yticklabels()]
    assert names == [r"\$x\$", "near", "weak"]
    ours, theirs = left.lines[:2]
    assert ours.get_xdata().tolist() == [0.7, 0.7, 0.7]
    assert theirs.get_xdata().tolist() == [0.72, 0.6, 0.5]
    said = "better on 4, alike on 1, worse on 1 of 6 worms"
    assert words(left) == [said, f"{said}, p = 0.200", f"{said}, p < 0.001"]
    assert len(right.containers) == 3
    pooled = right.containers[0].lines[0]
    assert sorted(pooled.get_xdata()) == pytest.approx([-0.02, 0.1, 0.2])
    assert "all laboratories" in [part.get_text() for part in drawn.legends[0].get_texts()]


def test_handedness_counts_right_and_wrong_and_rings_doubt():
    drawn = handedness.figure(made_handedness())
    assert drawn.get_suptitle() == (
        "Handedness of 4 worms: 2 as in their labels, 1 against them, 1 undecided (position+rgb)"
    )
    strips, mirrored = drawn.axes
    assert [label.get_text() for label in strips.get_yticklabels()] == [
        "A\n3 worms\n1 wrong, 1 suspect", "B\n1 worms\n0 wrong, 0 suspect",
    ]  # fmt: skip
    filled = {}
    for part in (*strips.collections, *mirrored.collections):
        face = part.get_facecolors()
        shade = to_hex(face[0]) if len(face) else "ring"
        filled.setdefault((part.axes is strips, shade), []).extend(part.get_offsets().tolist())
    assert sorted(x for x, _ in filled[True, BLUE]) == [0.99, 0.99]
    # neighbours of one laboratory do not lie on one another
    assert len({y for _, y in filled[True, BLUE]}) == 2
    assert filled[True, ORANGE] == [[0.6, 0.0]]
    assert filled[True, "ring"] == [[0.6, 0.0]]
    assert filled[False, ORANGE] == [[0.7, 0.3]]
    assert sorted(filled[False, BLUE]) == [[0.2, 0.8], [0.3, 0.9]]


def test_handedness_says_what_decided():
    table = made_handedness().assign(source=["evidence", "laboratory", "labels", "stated"] * 2)
    labels = [part.get_text() for part in handedness.figure(table).legends[0].get_texts()]
    assert labels[-4:] == [
        "stated in the study's config", "decided by the laboratory's habit",
        "decided by evidence from neurons", "taken from its labels",
    ]  # fmt: skip


def test_handedness_of_a_chosen_feature_set():
    assert "(position)" in handedness.figure(made_handedness(), "position").get_suptitle()


def test_stacked_worms_stay_in_their_row():
    heights = handedness.stack(np.full(60, 1.0))
    assert len(set(heights)) == 60
    assert np.abs(heights).max() == pytest.approx(0.38)
    assert handedness.stack([0.7]).tolist() == [0]


def test_confused_pairs_are_counted_either_way():
    pairs = confused.most_confused(made_places())
    assert pairs.to_numpy().tolist() == [["AVAL", "AVAR", 7], ["AVAL", "RIH", 2]]
    assert len(confused.most_confused(made_places(), 1)) == 1


def test_confused_names_stand_in_the_head_and_in_a_list():
    drawn = confused.figure(made_places())
    side, back, _, listed = drawn.axes
    untested, tested = side.collections[:2]
    assert untested.get_offsets().tolist() == [[40, 5]]
    assert sorted(tested.get_array().tolist()) == pytest.approx([0.5, 0.6, 0.75, 1.0])
    assert (back.get_xlabel(), back.get_ylabel()) == ("posterior [µm]", "left [µm]")
    assert [list(line.get_ydata()) for line in back.lines] == [[12, -12], [12, 0]]
    wide, narrow = (line.get_linewidth() for line in back.lines)
    assert (wide, narrow) == pytest.approx((4.8, 0.8 + 4 * 2 / 7))
    assert words(back) == ["1", "2"]
    assert words(listed) == [" 1  AVAL and AVAR: 7  (24 µm)", " 2  AVAL and RIH: 2  (21 µm)"]


def test_labels_hide_neither_points_nor_each_other():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.1]])
    sizes = np.full((3, 2), (0.8, 0.2))
    found = worm.free_positions(points, sizes, points, 0.05, np.full(3, 3.0))
    assert np.isfinite(found).all()
    for place in found:
        assert not (np.abs(points - place) < (0.4, 0.1)).all(axis=1).any()
    apart = np.abs(found[:, None] - found[None])[np.triu_indices(3, 1)]
    assert ((apart[:, 0] >= 0.8) | (apart[:, 1] >= 0.2)).all()
    crowd = np.random.default_rng(0).uniform(-2, 2, (2000, 2))
    assert np.isnan(worm.free_positions(points[:1], sizes[:1], crowd, 0.05, np.full(1, 0.5))).all()


def test_a_worm_is_drawn_in_its_body_axes():
    drawn = worm.figure(made_named())
    side, back, space = drawn.axes
    assert drawn.get_suptitle() == "A one: 3 of 4 labelled neurons named right (75%)"
    *outcomes, _ = side.collections
    unlabelled, wrong, right = (part.get_offsets().tolist() for part in outcomes)
    assert (unlabelled, wrong) == ([[70, 0]], [[91, 8]])
    assert right == [[90, 2], [100, -12]]
    assert to_hex(side.collections[1].get_facecolors()[0]) == ORANGE
    assert len(side.collections[0].get_facecolors()) == 0
    assert back.collections[1].get_offsets().tolist() == [[91, -12]]
    for axes in (side, back):
        assert words(axes)[0] == "AVAL → AVAR"
        assert sorted(words(axes)[1:]) == ["AVAL", "RIH", "SMDVL"]
    # dorsal up and left towards the viewer: not the mirror image
    assert (space.get_ylabel(), space.get_zlabel()) == ("left [µm]", "dorsal [µm]")
    assert space.get_ylim()[0] > space.get_ylim()[1]
    labels = [part.get_text() for part in drawn.legends[0].get_texts()]
    assert [label.split(": ")[1] for label in labels] == ["2", "1", "1"]


def test_a_line_leads_from_the_edge_of_a_name_to_its_neuron():
    # ten wrong neurons in one place: their names have to stand apart from it
    side = worm.figure(pd.concat([made_named().iloc[[2]]] * 10)).axes[0]
    centres = np.array([part.get_position() for part in side.texts if "→" in part.get_text()])
    *_, leaders = side.collections
    lines = np.array(leaders.get_segments())
    assert len(lines) > 0 and (lines[:, 1] == [91, 8]).all()
    for start, end in lines:
        # on the way from a name's centre, and beyond it
        ways = end - centres
        along = ((start - centres) * ways).sum(1) / (ways**2).sum(1)
        apart = np.abs(centres + along[:, None] * ways - start).max(1)
        assert ((apart < 1e-6) & (along > 0) & (along < 1)).any()


def test_a_worms_handedness_is_said_where_it_is_known():
    assert worm.title(made_named().assign(handedness="mirrored")).endswith("(75%); mirrored")
    nobody = made_named().assign(right="")
    assert worm.title(nobody) == "A one: 5 neurons, none of them labelled"


def test_a_wrong_name_is_written_even_where_there_is_no_room():
    named = pd.concat([made_named().iloc[[2]]] * 150)
    assert words(worm.figure(named).axes[0]) == ["AVAL → AVAR"] * 150


def data_of(page: str) -> tuple[list, dict]:
    """Read back the traces and the layout that a page draws."""
    script = page[page.rindex("Plotly.newPlot(") :]
    decoder = json.JSONDecoder()
    traces, end = decoder.raw_decode(script, script.index("["))
    layout, _ = decoder.raw_decode(script, script.index("{", end))
    return traces, layout


def test_a_page_draws_every_placed_neuron_with_its_names():
    traces, layout = data_of(worm_page.page(made_named()))
    assert [trace["name"] for trace in traces] == ["right (2)", "wrong (1)", "unlabelled (1)"]
    right, wrong, _ = traces
    assert (wrong["x"], wrong["y"], wrong["z"]) == ([91.0], [-12.0], [8.0])
    assert wrong["text"] == ["AVAL → AVAR"]
    assert wrong["hovertext"] == [
        "<b>AVAL</b> with probability 0.50<br>or else RIB, AIAL<br>label: AVAR<br>voxel 3, 3, 7.5"
    ]
    # the surer, the darker
    assert right["marker"]["color"][0] == "rgb(20, 126, 184)"
    assert right["marker"]["color"] == [worm_page._tint((1, 115, 178), p) for p in (0.9, 0.4)]
    assert layout["scene"]["aspectmode"] == "data"
    assert layout["scene"]["yaxis"]["autorange"] == "reversed"
    buttons = layout["updatemenus"][0]["buttons"]
    assert [button["label"] for button in buttons] == [
        "names of wrong ones", "all names", "no names",
    ]  # fmt: skip


def untold() -> pd.DataFrame:
    """The same neurons of a worm that nobody labelled, with colours predicted for them."""
    shown = {"red_shown": [1.0, 0, 0, 0.2, 0], "green_shown": 0.0, "blue_shown": 0.4}
    return made_named().assign(name="", ID="", right="", **shown)


def test_an_unlabelled_worm_is_shown_in_its_predicted_colours():
    side = worm.figure(untold()).axes[0]
    assert side.collections[0].get_facecolors()[0].tolist() == [1.0, 0.0, 0.4, 1.0]


def test_a_worm_is_seen_from_its_back_not_mirrored():
    """With the nose to the left and the back towards the reader, the worm's left is below."""
    above = worm.figure(made_named()).axes[1]
    assert above.get_title(loc="left") == "seen from the worm's back"
    assert not above.xaxis.get_inverted() and above.yaxis.get_inverted()


def test_the_review_queue_starts_with_the_least_certain():
    queue = worm_page.queue(made_named())
    assert queue["row"].tolist() == ["3", "1", "2", "0", "4"]
    assert queue["outcome"].tolist()[:3] == ["unlabelled", "right", "wrong"]
    assert queue["voxel"].tolist()[0] == "3, 4, 7.5"


def test_a_page_loads_nothing_and_sends_nothing():
    page = worm_page.page(made_named())
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page).group(1)
    scripts = re.findall("<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    digests = [hashlib.sha256(text.encode()).digest() for text in scripts]
    named = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    assert policy.startswith(f"default-src 'none'; script-src {named}; style-src 'unsafe-inline'; ")
    assert "script-src 'none'; " in worm_page.page(made_named().iloc[:0])
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert "http" not in policy and "eval" not in policy
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page)
    assert '"modeBarButtonsToRemove": ["sendChartToCloud"]' in page
    assert '"showSendToCloud": false' in page


def test_a_page_keeps_hostile_names_inert():
    page = worm_page.page(hostile(made_named()))
    plain = worm_page.page(made_named())
    # no tag more than an ordinary worm's page has
    for tag in ("<script", "</script", "<img", "alert(2)>"):
        assert page.count(tag) == plain.count(tag), tag
    assert html.escape(HOSTILE[0]) in page
    traces, _ = data_of(page)
    for trace in traces:
        assert not any("<" in text for text in trace["text"])
        assert all(set(re.findall("<[^>]*>", text)) <= {"<b>", "</b>", "<br>"}
                   for text in trace["hovertext"])  # fmt: skip
    title = re.search("<title>(.*)</title>", page).group(1)
    assert title.startswith(html.escape(f"{HOSTILE[0]} {HOSTILE[0]}"))


def test_an_worm_without_neurons_has_a_page():
    page = worm_page.page(made_named().iloc[:0])
    assert "This worm has no neurons." in page
    assert "There is nothing to review." in page


def test_hostile_names_are_drawn_as_they_are(tmp_path):
    drawn = worm.figure(made_named().assign(lab="$", worm=HOSTILE[1], answer=HOSTILE[1]))
    assert drawn.get_suptitle().startswith(r"\$ \$x\$: ")
    assert r"\$x\$ → AVAR" in words(drawn.axes[0])
    style.save(drawn, tmp_path / "worm.png")
    table = made_places().assign(name=lambda t: t["name"].replace("AVAR", HOSTILE[0]))
    style.save(confused.figure(table), tmp_path / "confused.png")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: calibration.figure(made_calibration().iloc[:0], made_coverage().iloc[:0]),
        lambda: anchors.figure(made_anchors().iloc[:0]),
        lambda: ablation.figure(made_ablation().iloc[:0]),
        lambda: peers.figure(made_peers().iloc[:0]),
        lambda: handedness.figure(made_handedness().iloc[:0]),
        lambda: confused.figure(made_places().iloc[:0]),
        lambda: worm.figure(made_named().iloc[:0]),
    ],
)
def test_an_empty_table_gives_a_message(draw):
    drawn = draw()
    assert drawn.axes == []
    assert len(drawn.texts[0].get_text()) > 20


@pytest.mark.parametrize(
    ("draw", "tables"),
    [
        (calibration.draw, [made_calibration, made_coverage]),
        (anchors.draw, [made_anchors]),
        (ablation.draw, [made_ablation]),
        (peers.draw, [made_peers]),
        (handedness.draw, [made_handedness]),
        (confused.draw, [made_places]),
        (worm.draw, [made_named]),
        (worm_page.write, [made_named]),
    ],
)
def test_the_same_bytes_twice_from_a_table_as_written(draw, tables, tmp_path):
    paths = [tmp_path / f"{made.__name__}.csv" for made in tables]
    for made, path in zip(tables, paths, strict=True):
        made().to_csv(path, index=False)
    for name in ("one", "two"):
        draw(*paths, tmp_path / name / "out.png")
    first, second = ((tmp_path / name / "out.png").read_bytes() for name in ("one", "two"))
    assert first == second
    assert len(first) > 5000
