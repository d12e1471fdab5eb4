"""Images of any kind get colours and keep their lightness; bad files stop nobody."""

import errno
import json
import os

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from chromapal.apply import colour_images
from chromapal.apply.colour_images import Sight, colour, colour_all, output_names
from chromapal.apply.image_model import load
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.images.export import save_counts
from chromapal.images.pixels import decode
from tests.colouring import gray_image, save, write_model
from tests.workflow.conftest import against_umask

# half a count, where L is steepest: see test_lab.py
HALF_STEP = {8: 137 * 0.5 / 255, 16: 137 * 0.5 / 65535}


def lightness(pixels):
    """Return L, 0 to 100, of counts (H, W, 3), by the definition."""
    rgb = pixels / np.iinfo(pixels.dtype).max
    light = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    y = light @ [0.212671, 0.715160, 0.072169]
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def run(folder, images="in", model="model", tile=64, scale="own", out="out"):
    colour_all(
        folder / model, folder / images, tile, scale,
        folder / out / "images", folder / out / "contact_sheet.png",
        folder / out / "skipped.csv", folder / out / "applied.json",
    )  # fmt: skip
    index = pd.read_csv(folder / out / "images/index.csv").set_index("file")
    return index, pd.read_csv(folder / out / "skipped.csv", keep_default_na=False)


@pytest.fixture
def folder(tmp_path):
    write_model(tmp_path / "model")
    save(gray_image(40, 30), tmp_path / "in/gray.png")
    return tmp_path


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", ["mean_colour", "context_mlp"])
def test_lightness_is_kept_to_the_rounding_of_counts(bits, name, tmp_path):
    trained, _ = load(write_model(tmp_path, name))
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 2**bits, (30, 40, 3)).astype(f"uint{bits}")
    gray = np.repeat(gray_image(30, 40, bits)[..., None], 3, axis=2)
    for pixels in (gray, colours):
        for sight in (Sight(16), Sight(64), Sight(64, 8)):
            found = colour(trained, pixels, sight)
            assert found.dtype == pixels.dtype and found.shape == pixels.shape
            assert np.abs(lightness(found) - lightness(pixels)).max() < HALF_STEP[bits]
    # and there are colours
    assert np.ptp(found.astype(int), axis=2).max() > 5 * 2 ** (bits - 8)


def test_a_model_without_colours_gives_back_the_gray(tmp_path):
    trained, _ = load(write_model(tmp_path, "copy_gray"))
    for bits in (8, 16):
        gray = np.repeat(gray_image(30, 40, bits)[..., None], 3, axis=2)
        np.testing.assert_array_equal(colour(trained, gray, Sight(16)), gray)


def test_tiles_and_the_whole_image_agree_where_neighbours_are_near(tmp_path):
    trained, _ = load(write_model(tmp_path, "context_mlp"))
    pixels = np.repeat(gray_image(70, 50)[..., None], 3, axis=2)
    whole, tiled = (colour(trained, pixels, Sight(side)) for side in (100, 32))
    # a window of two pixels on each side sees the edge of a tile at its border only
    assert np.abs(whole.astype(int) - tiled).max() <= 2


def test_no_more_than_a_tile_is_predicted_at_once(tmp_path):
    class Watched:
        sizes = ()

        def predict(self, samples, device, threads):
            gray = samples.read(0)[1]
            self.sizes += (gray.shape,)
            return [np.repeat(gray[..., None], 3, axis=2)]

    pixels = np.zeros((300, 1000, 3), np.uint8)
    for sight, most in ((Sight(64), (64, 64)), (Sight(64, 20), (20, 64))):
        watched = Watched()
        colour(watched, pixels, sight)
        assert max(watched.sizes) == most and len(watched.sizes) > 1


def test_a_folder_of_images_becomes_png_of_the_same_depth(folder):
    save(gray_image(20, 25, 16), folder / "in/deep/gray 16.png")
    save_counts(np.full((9, 8, 3), 4000, np.uint16), folder / "in/colour16.png")
    tifffile.imwrite(folder / "in/a.tif", gray_image(10, 12, 16))
    tifffile.imwrite(folder / "in/c.tif", np.full((9, 8, 3), 4000, np.uint16), photometric="rgb")
    save(np.full((1, 1, 3), 90, np.uint8), folder / "in/one.jpg")
    save(gray_image(1, 300), folder / "in/line.bmp")
    save(gray_image(30, 20), folder / "in/jpeg.png", format="JPEG")
    before = {path: path.read_bytes() for path in (folder / "in").rglob("*") if path.is_file()}
    index, skipped = run(folder)
    assert {path: path.read_bytes() for path in before} == before
    assert {path for path in (folder / "in").rglob("*") if path.is_file()} == set(before)
    assert list(skipped.columns) == TABLES["skipped_images"].names and skipped.empty
    assert [index.index.name, *index.columns] == TABLES["coloured"].names
    assert index["bits"].to_dict() == {
        "gray.png": 8, "deep/gray 16.png": 16, "colour16.png": 16, "a.tif": 16, "c.tif": 16,
        "one.jpg": 8, "line.bmp": 8, "jpeg.png": 8,
    }  # fmt: skip
    for name, row in index.iterrows():
        path = folder / "out/images" / row["coloured"]
        with Image.open(path) as image:
            assert image.format == "PNG" and image.size == (row["width"], row["height"])
        given, found = decode(folder / "in" / name), decode(path)
        assert found.dtype == given.dtype
        assert np.abs(lightness(found) - lightness(given)).max() < HALF_STEP[row["bits"]]
    with Image.open(folder / "out/contact_sheet.png") as image:
        assert min(image.size) > 100
    told = json.loads((folder / "out/applied.json").read_text())
    assert told == {"model": str(folder / "model"), "images": str(folder / "in")}
    assert against_umask(folder / "out", folder / "probe") == {}


def test_broken_files_are_one_line_each_and_the_others_go_on(folder, monkeypatch, caplog):
    whole = (folder / "in/gray.png").read_bytes()
    for name, content in {
        "half.png": whole[: len(whole) // 2], "text.png": b"no image", "empty.png": b"",
        "notes.txt": b"hello",
    }.items():  # fmt: skip
        (folder / "in" / name).write_bytes(content)
    tifffile.imwrite(
        folder / "in/stack.tif", np.zeros((3, 20, 20), np.uint8), photometric="minisblack"
    )
    tifffile.imwrite(folder / "in/float.tif", np.zeros((20, 20), np.float32))
    save(np.zeros((80, 80), np.uint8), folder / "in/bomb.png")
    save(np.zeros((80, 80, 3), np.uint8), folder / "in/bomb.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    (folder / "in/gone.png").symlink_to("nowhere.png")
    (folder / "in/self").symlink_to(folder / "in")
    os.mkfifo(folder / "in/pipe.png")
    with caplog.at_level("INFO", "chromapal"):
        index, skipped = run(folder)
    assert index.index.tolist() == ["gray.png"]
    reasons = dict(zip(skipped["file"], skipped["found"], strict=True))
    assert set(reasons) == {
        "half.png", "text.png", "empty.png", "notes.txt", "stack.tif", "float.tif", "bomb.png",
        "bomb.jpg", "gone.png", "pipe.png",
    }  # fmt: skip
    for name, found in {
        "half.png": "a broken image", "text.png": "not an image", "empty.png": "an empty file",
        "stack.tif": "3 images in one file", "bomb.png": "decompression bomb",
        "bomb.jpg": "decompression bomb", "gone.png": "a link to nothing",
    }.items():  # fmt: skip
        assert found in reasons[name], reasons[name]
    assert skipped["expected"].ne("").all()
    lines = [each.message for each in caplog.records if each.message.startswith("skipped: ")]
    assert len(lines) == len(reasons) and not any("\n" in line for line in lines)
    assert any("half.png: found a broken image" in line for line in lines)


def test_links_are_read_and_left_alone(folder):
    save(gray_image(12, 12), folder / "elsewhere/far.png")
    (folder / "in/near.png").symlink_to(folder / "elsewhere/far.png")
    (folder / "in/more").symlink_to(folder / "elsewhere")
    index, _ = run(folder)
    assert set(index.index) == {"gray.png", "near.png", "more/far.png"}
    assert sorted(os.listdir(folder / "elsewhere")) == ["far.png"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.png", "b/c.tif"], ["a.png", "b_c-"]),
        (["a.jpg", "a.png"], ["a.jpg.png", "a.png.png"]),
        # the first two take their suffix, so that the third takes its own
        (["a.png", "a.jpg", "a.png.tif"], ["a.png.png", "a.jpg.png", "a.png.tif.png"]),
        (["a.png", "A.png"], ["a.png-", "A.png-"]),
        ([" =1{x}\n'.png", "\udcff.png"], ["_1_x_-", "_-"]),
    ],
)
def test_names_are_safe_and_all_different(paths, names):
    found = output_names(paths)
    assert list(found) == paths
    assert len({name.casefold() for name in found.values()}) == len(paths)
    for name, start in zip(found.values(), names, strict=True):
        assert name.startswith(start) and name.endswith(".png") and "/" not in name
        assert name == start or name[len(start) : -4].isalnum()


def test_names_of_any_kind_are_coloured(folder):
    odd = ["a b.png", "é{x}<y>.png", "=1+1.png", "'; rm -rf x.png", "new\nline.png", "same.jpg"]
    for name in [*odd, "same.png"]:
        save(gray_image(8, 9), folder / "in" / name)
    raw = os.fsencode(folder / "in") + b"/\xff.png"
    (folder / "in/gray.png").rename(os.fsdecode(raw))
    index, skipped = run(folder)
    assert skipped.empty and len(index) == len(odd) + 2
    assert "\\udcff.png" in index.index and "new\\nline.png" in index.index
    assert index["coloured"].is_unique
    assert all((folder / "out/images" / name).is_file() for name in index["coloured"])


@pytest.mark.parametrize("out", ["in", "in/out", "in/../in/x"])
def test_no_output_is_written_into_the_images(folder, out):
    before = sorted((folder / "in").rglob("*"))
    with pytest.raises(InputError, match="inside images"):
        run(folder, out=out)
    assert sorted((folder / "in").rglob("*")) == before
    (folder / "link").symlink_to(folder / "in")
    with pytest.raises(InputError, match="inside images"):
        run(folder, out="link/out")


def test_without_any_image_nothing_is_written_and_the_reason_is_told(folder):
    (folder / "in/gray.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"no image to colour; .*first of 1 reasons.*gray\.png"):
        run(folder)
    assert not (folder / "out/images").exists()
    with pytest.raises(InputError, match="config key 'images': found no folder"):
        run(folder, images="nowhere")


def test_a_run_that_is_killed_leaves_no_half_of_its_images(folder, monkeypatch):
    save(gray_image(8, 9), folder / "in/other.png")
    real = colour_images.save_counts
    written = []

    def killed(pixels, path):
        if written:
            raise KeyboardInterrupt
        written.append(path)
        real(pixels, path)

    monkeypatch.setattr(colour_images, "save_counts", killed)
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert written and list((folder / "out").iterdir()) == []


def test_a_file_that_may_not_be_read_says_how_to_go_on_once_it_may(folder, monkeypatch):
    save(gray_image(8, 9), folder / "in/closed.png")
    real = Image.open

    def refused(path, *arguments, **options):
        if str(path).endswith("closed.png"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Image, "open", refused)
    index, skipped = run(folder)
    assert index.index.tolist() == ["gray.png"]
    (row,) = skipped.to_dict("records")
    assert row["found"] == "no permission to read it" and "remove the folder" in row["advice"]


def test_a_network_that_fails_on_one_image_skips_it(folder, monkeypatch):
    save(gray_image(8, 9), folder / "in/other.png")
    real = colour_images.colour

    def fails(trained, pixels, sight):
        if len(pixels) == 8:
            raise FloatingPointError("a colour is no number")
        return real(trained, pixels, sight)

    monkeypatch.setattr(colour_images, "colour", fails)
    index, skipped = run(folder)
    assert index.index.tolist() == ["gray.png"]
    (row,) = skipped.to_dict("records")
    assert row["file"] == "other.png" and "a colour is no number" in row["found"]


def test_a_larger_image_than_those_of_training_is_shown_smaller_to_the_network(folder):
    # 'side' of the model is 64
    save(gray_image(256, 200), folder / "in/large.png")
    for scale in ("trained", "own"):
        index, _ = run(folder, tile=512, scale=scale, out=scale)
        assert index.loc["large.png", ["width", "height"]].tolist() == [200, 256]


def test_a_second_run_gives_the_same_bytes(folder):
    save(gray_image(30, 80, 16), folder / "in/b.png")
    for out in ("one", "two"):
        run(folder, out=out)
    for path in (folder / "one").rglob("*.*"):
        if path.name != "applied.json" and path.is_file():
            again = folder / "two" / path.relative_to(folder / "one")
            assert path.read_bytes() == again.read_bytes(), path
