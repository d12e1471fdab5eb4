"""The page of the colour Turing test gives nothing away, fetches nothing, holds no hostile text."""

import base64
import hashlib
import html
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skimage.io import imsave

from chromapal.errors import InputError
from chromapal.evaluate.pages import turing

HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\"> & 'q' <!--images-->\u2028"
FORMULA = '=HYPERLINK("http://x","1,2")'
KEYS = (HOSTILE, FORMULA, "plain")


def write_png(path: Path, seed: int, size: tuple[int, int] = (8, 6)) -> Path:
    rgb = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    imsave(path, rgb, check_contrast=False)
    return path


def table(folder: Path) -> pd.DataFrame:
    """Three scenes; `one` coloured all of them, a colorizer with a hostile name only the first."""
    rows = [
        (key, "one", write_png(folder / f"t{n}.png", n), write_png(folder / f"p{n}.png", 10 + n))
        for n, key in enumerate(KEYS)
    ]
    rows.append((HOSTILE, HOSTILE, folder / "t0.png", write_png(folder / "q.png", 20)))
    return pd.DataFrame(rows, columns=list(turing.COLUMNS))


def data(text: str) -> list[dict]:
    """Read what a page holds as the browser does: up to the first closing tag."""
    return json.loads(text.split('<script type="application/json" id="images">')[1].split("</")[0])


def order(shown: pd.DataFrame, seed: int) -> list[tuple[str, str, str]]:
    listed = turing.images(shown, seed)
    return [(one["key"], one["colorizer"], one["truth"]) for one in listed]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return table(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def page(shown):
    return turing.page(shown, 7, HOSTILE)


def test_each_image_is_asked_once(shown):
    assert sorted(order(shown, 0)) == sorted(
        [(key, "", "true") for key in KEYS]
        + [(key, "one", "predicted") for key in KEYS]
        + [(HOSTILE, HOSTILE, "predicted")]
    )


def test_order_depends_on_the_seed_and_only_on_it(shown, tmp_path):
    assert order(shown, 3) == order(shown.sample(frac=1, random_state=1), 3)
    assert len({tuple(order(shown, seed)) for seed in range(20)}) > 15
    again = table(tmp_path)
    again["prediction"] = [again["prediction"][n] for n in (3, 2, 1, 0)]
    assert order(shown, 3) == order(again, 3)
    # true and predicted ones both come first, so that a place says nothing
    assert {order(shown, seed)[0][2] for seed in range(20)} == {"true", "predicted"}


def test_same_bytes_twice(shown, tmp_path):
    for name in ("a.html", "b.html"):
        turing.write(shown, 5, "title", tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    turing.write(shown, 6, "title", tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() != (tmp_path / "b.html").read_bytes()


class Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_hostile_text_stays_text(page):
    assert HOSTILE not in page
    assert f"<h1>{html.escape(HOSTILE)}</h1>" in page
    assert {one["key"] for one in data(page)} == set(KEYS)
    assert page.count("</script>") == 2
    tags = Tags(page).found
    assert [attrs for tag, attrs in tags if tag == "img"] == [{"id": "image", "alt": ""}]
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]


def test_nothing_is_fetched(shown):
    page = turing.page(shown[shown["key"] == "plain"], 7, "title")
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp", page)
    assert not [attrs for _, attrs in Tags(page).found if {"src", "href", "data"} & set(attrs)]
    assert all(one["image"].startswith("data:image/png;base64,") for one in data(page))


def test_policy_names_the_script_and_the_style_by_their_hash(page):
    (policy,) = (
        attrs["content"]
        for tag, attrs in Tags(page).found
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy


def chunk(kind: bytes, content: bytes) -> bytes:
    part = kind + content
    return len(content).to_bytes(4) + part + zlib.crc32(part).to_bytes(4)


def test_metadata_is_left_out_and_pixels_are_not(tmp_path, shown):
    plain = Path(shown["truth"][2]).read_bytes()
    told = tmp_path / "told.png"
    # the header's 25 bytes follow the signature's 8
    told.write_bytes(
        plain[:33] + chunk(b"gAMA", (99999).to_bytes(4)) + chunk(b"tEXt", b"a\0truth") + plain[33:]
    )
    row = shown[shown["key"] == "plain"].assign(truth=told)
    images = {one["truth"]: one["image"] for one in turing.images(row, 0)}
    kept = base64.b64decode(images["true"].split(",")[1])
    assert b"gAMA" not in kept
    assert b"truth" not in kept
    assert kept == plain


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda rows: rows[:0], "no rows"),
        (lambda rows: rows.drop(columns=["truth", "key"]), "no column key, truth"),
        (lambda rows: rows.assign(truth="absent.png"), "absent.png: found No such file"),
        (lambda rows: rows.assign(prediction="."), "a predicted image of"),
        (lambda rows: rows.assign(prediction=__file__), "no whole PNG"),
        (lambda rows: pd.concat([rows, rows]), "twice"),
        (lambda rows: rows.assign(key="same", colorizer=list("abcd")), "another true image"),
    ],
)  # fmt: skip
def test_mistakes_are_one_clear_line(shown, tmp_path, change, line):
    with pytest.raises(InputError, match=line) as raised:
        turing.write(change(shown), 0, "title", tmp_path / "a.html")
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_images_of_a_pair_have_one_size_and_are_whole(shown, tmp_path):
    larger = write_png(tmp_path / "larger.png", 0, (9, 6))
    with pytest.raises(InputError, match="found 6 x 9 pixels; expected 6 x 8 pixels, the size of"):
        turing.images(shown.assign(prediction=larger), 0)
    whole = Path(shown["truth"][0]).read_bytes()
    for name, broken in {"cut": whole[:-20], "bent": whole.replace(b"IDAT", b"IDAS")}.items():
        larger.with_name(name).write_bytes(broken)
        with pytest.raises(InputError, match="no whole PNG"):
            turing.images(shown.assign(prediction=larger.with_name(name)), 0)
