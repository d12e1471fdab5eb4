"""In a browser: outlines of the ganglia, around where the names of each are expected."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from chromapal.columns import BODY
from chromapal.evaluate.pages import workbench
from chromapal.evaluate.pages.workbench import NewWorm
from chromapal.worms import ganglia
from tests.browser import driven, needs_chromium
from tests.new_worm import new_worm
from tests.unit.test_workbench_browser import START

pytestmark = needs_chromium
OUTLINE = """
const drawn = () => views.map(({ outlines, names, right, up, shift, scale, size, shown, at }, k) =>
  ({ outlines, names: names.map(({ box }) => box), right, up, shift, scale, size,
    points: shown.map((neuron) => views[k].at(views[k].places[neuron])) }));
saw.whole = drawn();
for (let k = 0; k < 4; k += 1) hit("ArrowUp");
saw.near = drawn();
hit("g");
saw.off = views.map(({ outlines }) => outlines.length);
hit("G");
saw.on = views.map(({ outlines }) => outlines.length);
saw.help = part("keys").textContent;
saw.hulls = %s.map(hull);
done();
"""
POINTS = [
    [[0, 0], [4, 0], [4, 4], [0, 4], [2, 2], [2, 0], [4, 4]],
    [[0, 0], [1, 1], [2, 2]],
]


@pytest.fixture(scope="module")
def outlined(tmp_path_factory):
    worm, folder = new_worm(), tmp_path_factory.mktemp("outlines")
    driver = START + OUTLINE % POINTS
    return worm, driven(workbench.page(worm), driver, folder, "--window-size=1920,1080")


def test_hulls_by_hand(outlined):
    square, line = outlined[1]["hulls"]
    assert square == [[0, 0], [4, 0], [4, 4], [0, 4]]
    assert line == [[0, 0], [2, 2]]


def test_an_outline_is_the_hull_of_its_names_expected_places(outlined):
    worm, saw = outlined
    places = worm.expected[list(BODY)].round(2)
    of_name = ganglia.ganglion(places.index.to_series())
    for view in (saw["whole"][0], saw["whole"][1], saw["whole"][3], saw["near"][0]):
        assert [each["ganglion"] for each in view["outlines"]] == [
            "anterior", "dorsal", "lateral", "ventral", "retrovesicular", "pharynx",
        ]  # fmt: skip
        for each in view["outlines"]:
            own = places[of_name.eq(each["ganglion"]).to_numpy()].to_numpy()
            across = view["shift"][0] + view["scale"] * own @ view["right"]
            down = view["shift"][1] - view["scale"] * own @ view["up"]
            flat = np.column_stack([across, down])
            corners = flat[ConvexHull(flat).vertices]
            found = np.array(each["corners"])
            assert len(found) == len(corners)
            np.testing.assert_allclose(
                found[np.lexsort(found.T)], corners[np.lexsort(corners.T)], atol=1e-6
            )


def test_labels_hide_no_name_and_no_neuron(outlined):
    _, saw = outlined
    for state in ("whole", "near"):
        labels = 0
        for view in saw[state]:
            boxes = [each["box"] for each in view["outlines"] if each["box"]]
            labels += len(boxes)
            for number, box in enumerate(boxes):
                for other in [*view["names"], *boxes[number + 1 :]]:
                    free = (
                        box[0] >= other[2] or other[0] >= box[2]
                        or box[1] >= other[3] or other[1] >= box[3]
                    )  # fmt: skip
                    assert free, (box, other)
                assert not any(
                    box[0] < x < box[2] and box[1] < y < box[3] for x, y in view["points"]
                )
                assert box[0] > 0 and box[2] < view["size"][0]
        assert labels >= 8


def test_g_switches_outlines_of_the_body_views(outlined):
    _, saw = outlined
    assert saw["on"] == [6, 6, 0, 6] and saw["off"] == [0, 0, 0, 0]
    assert "ganglia on, off" in saw["help"] and saw["broken"] == []


def test_without_expected_places_there_is_nothing_to_outline(tmp_path):
    worm = new_worm(30)
    driver = "saw.help = part('keys').textContent; saw.drawn = views[0].outlines; done();"
    bare = workbench.page(NewWorm(worm.named, worm.probabilities, worm.axes))
    saw = driven(bare, START + driver, tmp_path, "--window-size=1280,800")
    assert "ganglia" not in saw["help"] and saw["drawn"] == []
