"""Folders as people have them: every kind of image, every kind of file that is none."""

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chromapal.errors import InputError
from chromapal.images import pixels
from chromapal.images.export import save_counts
from chromapal.images.folder import Folder
from chromapal.images.pixels import decode, dimensions, fit

RGB = np.arange(20 * 24 * 3, dtype=np.uint8).reshape(20, 24, 3)


def save(path, pixels=RGB, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def fill(folder, count, start=0):
    for number in range(start, start + count):
        save(folder / f"{number:02d}.png", np.full((16, 16, 3), number, dtype=np.uint8))


def names(found, split):
    return [image.key for image in found.of(split)]


def test_colours_come_back_as_they_were(tmp_path):
    np.testing.assert_array_equal(decode(save(tmp_path / "a.png")), RGB)
    np.testing.assert_array_equal(decode(save(tmp_path / "a.tif")), RGB)
    np.testing.assert_array_equal(decode(save(tmp_path / "no suffix", format="BMP")), RGB)
    assert fit(RGB, None).dtype == np.float32
    np.testing.assert_allclose(fit(RGB, None), RGB / 255, rtol=1e-6)


def test_gray_and_black_and_white_are_repeated(tmp_path):
    gray = RGB[..., 0].copy()
    np.testing.assert_array_equal(decode(save(tmp_path / "g.png", gray)), np.dstack([gray] * 3))
    Image.fromarray(gray > 99).save(tmp_path / "bw.png")
    assert Image.open(tmp_path / "bw.png").mode == "1"
    expected = np.dstack([(gray > 99) * np.uint8(255)] * 3)
    np.testing.assert_array_equal(decode(tmp_path / "bw.png"), expected)


def test_palettes_are_looked_up(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), mode="P")
    image.putpalette([255, 0, 0, 0, 255, 0, 1, 2, 3])
    image.save(tmp_path / "p.png")
    expected = [[[255, 0, 0], [0, 255, 0]], [[1, 2, 3], [0, 255, 0]]]
    np.testing.assert_array_equal(decode(tmp_path / "p.png"), expected)
    image.save(tmp_path / "t.png", transparency=1)
    expected = [[[255, 0, 0], [255, 255, 255]], [[1, 2, 3], [255, 255, 255]]]
    np.testing.assert_array_equal(decode(tmp_path / "t.png"), expected)


def test_alpha_lies_on_white(tmp_path):
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], dtype=np.uint8)
    found = decode(save(tmp_path / "a.png", pixels))
    # a fifth of black on white
    np.testing.assert_array_equal(found, [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]])
    found = decode(save(tmp_path / "la.png", pixels[..., [0, 3]]))
    np.testing.assert_array_equal(found[0, :, 0], [10, 255, 204])


def test_cmyk_becomes_rgb(tmp_path):
    ink = np.zeros((16, 16, 4), dtype=np.uint8)
    ink[..., 0] = 255  # cyan alone takes all red
    Image.fromarray(ink, mode="CMYK").save(tmp_path / "c.tif")
    np.testing.assert_array_equal(decode(tmp_path / "c.tif")[0, 0], [0, 255, 255])
    Image.fromarray(ink, mode="CMYK").save(tmp_path / "c.jpg")
    np.testing.assert_allclose(decode(tmp_path / "c.jpg")[0, 0], [0, 255, 255], atol=3)


def test_of_several_images_in_a_file_none_is_read(tmp_path):
    fill(tmp_path, 3)
    frames = [Image.fromarray(np.full((16, 16), value, dtype=np.uint8)) for value in (7, 200)]
    for name in ("a.gif", "a.png", "a.tif", "a.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    channels = np.zeros((3, 16, 16), np.uint16)
    tifffile.imwrite(tmp_path / "c.tif", channels, imagej=True, metadata={"axes": "CYX"})
    for check in ("pixels", "header"):
        skipped = dict(Folder.find(tmp_path, check=check).skipped)
        for name, count in {"a.gif": 2, "a.png": 2, "a.tif": 2, "a.webp": 2, "c.tif": 3}.items():
            assert skipped[name].startswith(f"{count} images in one file"), (name, check)
    # a reduced copy beside the image is no image of its own
    with tifffile.TiffWriter(tmp_path / "r.tif") as file:
        file.write(np.full((32, 32), 9, np.uint8))
        file.write(np.full((16, 16), 9, np.uint8), subfiletype=1)
    assert decode(tmp_path / "r.tif").shape == (32, 32, 3)


def test_0_may_be_white(tmp_path):
    for kind in (np.uint8, np.uint16):
        light = np.linspace(0, np.iinfo(kind).max, 400).astype(kind).reshape(20, 20)
        path = tmp_path / f"{light.dtype}.tif"
        tifffile.imwrite(path, np.iinfo(kind).max - light, photometric="miniswhite")
        np.testing.assert_array_equal(decode(path), np.dstack([light] * 3))


def test_sixteen_bits_compressed_with_lzw_stay(tmp_path):
    colours = np.random.default_rng(0).integers(0, 65536, (20, 24, 3), dtype=np.uint16)
    gray = colours[..., 0]
    Image.fromarray(gray).save(tmp_path / "gray.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(decode(tmp_path / "gray.tif")[..., 2], gray)
    for predictor in (1, 2):
        path = tmp_path / f"{predictor}.tif"
        lzw(path, colours, predictor)
        np.testing.assert_array_equal(decode(path), colours)


def lzw(path, colours, predictor):
    """Write sixteen-bit colours with LZW, which neither Pillow nor tifffile does by itself."""
    samples = colours.copy()
    if predictor == 2:
        samples[:, 1:] -= colours[:, :-1]
    bytes_ = np.ascontiguousarray(samples).view(np.uint8).reshape(1, -1)
    packed = io.BytesIO()
    Image.fromarray(bytes_).save(packed, "TIFF", compression="tiff_lzw", tiffinfo={278: 1})
    packed.seek(0)
    with tifffile.TiffFile(packed) as file:
        (start,), (length,) = file.pages[0].dataoffsets, file.pages[0].databytecounts
    strip = packed.getvalue()[start : start + length]
    high, wide = colours.shape[:2]
    tags = {
        256: wide, 257: high, 258: 8 + 2 + 12 * 10 + 4, 259: 5, 262: 2,
        273: 8 + 2 + 12 * 10 + 4 + 6, 277: 3, 278: high, 279: len(strip), 317: predictor,
    }  # fmt: skip
    head = struct.pack("<2sHLH", b"II", 42, 8, len(tags))
    for tag, value in tags.items():
        head += struct.pack("<HHLL", tag, *((3, 3) if tag == 258 else (4, 1)), value)
    path.write_bytes(head + struct.pack("<LHHH", 0, 16, 16, 16) + strip)


def test_twelve_bits_fill_sixteen(tmp_path):
    """Two samples in three bytes, as cameras write them."""
    first, second = 4095, 0x123
    strip = bytes([first >> 4, (first & 15) << 4 | second >> 8, second & 255]) * 8 * 16
    tags = {256: 16, 257: 16, 258: 12, 259: 1, 262: 1, 273: 8 + 2 + 12 * 9 + 4, 277: 1, 278: 16,
            279: len(strip)}  # fmt: skip
    head = struct.pack("<2sHLH", b"II", 42, 8, len(tags))
    head += b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags.items())
    (tmp_path / "t.tif").write_bytes(head + struct.pack("<L", 0) + strip)
    found = decode(tmp_path / "t.tif")[0, :2, 0]
    np.testing.assert_array_equal(found, [65535, round(0x123 / 4095 * 65535)])


@pytest.mark.parametrize(("kind", "right"), [("assocalpha", 0.75), ("unassalpha", 0.625)])
def test_alpha_of_sixteen_bits_may_be_in_the_colours_already(tmp_path, kind, right):
    # a quarter of full scale under half alpha
    pixels = np.full((16, 16, 4), (16384, 16384, 16384, 32768), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=[kind])
    np.testing.assert_allclose(decode(tmp_path / "a.tif") / 65535, right, atol=1e-4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_sixteen_bits_as_eight(tmp_path, orientation):
    eight = np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    tags = {"extratags": [(274, 3, 1, orientation, True)], "photometric": "rgb"}
    tifffile.imwrite(tmp_path / "8.tif", eight, **tags)
    tifffile.imwrite(tmp_path / "16.tif", eight.astype(np.uint16) * 257, **tags)
    np.testing.assert_array_equal(
        decode(tmp_path / "16.tif"), decode(tmp_path / "8.tif").astype(np.uint16) * 257
    )


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    fill(tmp_path, 3)
    save(tmp_path / "bomb.png", np.zeros((30, 30), dtype=np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    ((name, reason),) = Folder.find(tmp_path).skipped
    assert name == "bomb.png" and "decompression bomb" in reason


def test_sixteen_bits_stay(tmp_path):
    gray = np.array([[0, 1], [40000, 65535]], dtype=np.uint16)
    for name in ("g.png", "g.tif"):
        found = decode(save(tmp_path / name, gray))
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found, np.dstack([gray] * 3))
    np.testing.assert_allclose(fit(found, None)[..., 1], gray / 65535, rtol=1e-6)
    (tmp_path / "g.pgm").write_bytes(b"P5 2 2 65535\n" + gray.astype(">u2").tobytes())
    np.testing.assert_array_equal(decode(tmp_path / "g.pgm"), np.dstack([gray] * 3))
    colours = np.arange(300, dtype=np.uint16).reshape(10, 10, 3) * 200
    for planar in ("contig", "separate"):
        pixels = colours if planar == "contig" else np.moveaxis(colours, 2, 0)
        path = tmp_path / f"{planar}.tif"
        tifffile.imwrite(path, pixels, photometric="rgb", planarconfig=planar)
        np.testing.assert_array_equal(decode(path), colours)
        assert dimensions(path) == (10, 10)
    tifffile.imwrite(tmp_path / "big.tif", colours, photometric="rgb", byteorder=">")
    np.testing.assert_array_equal(decode(tmp_path / "big.tif"), colours)
    clear = np.full((4, 4, 4), 1000, dtype=np.uint16)
    clear[..., 3] = 0
    tifffile.imwrite(tmp_path / "a.tif", clear, photometric="rgb", extrasamples=["unassalpha"])
    assert (decode(tmp_path / "a.tif") == 65535).all()


@pytest.mark.parametrize("type_", [np.float32, np.int32])
def test_unknown_full_scales_are_refused(type_, tmp_path):
    save(tmp_path / "f.tif", np.ones((16, 16), dtype=type_))
    with pytest.raises(InputError, match="unknown full scale"):
        decode(tmp_path / "f.tif")
    tifffile.imwrite(tmp_path / "c.tif", np.ones((16, 16, 3), dtype=type_), photometric="rgb")
    with pytest.raises(InputError, match="unknown full scale"):
        decode(tmp_path / "c.tif")


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (3, lambda image: image[::-1, ::-1]),
        (6, lambda image: np.rot90(image, -1)),
        (8, lambda image: np.rot90(image)),
        (2, lambda image: image[:, ::-1]),
    ],
)
def test_exif_turns_the_image(orientation, turn, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(save(tmp_path / "e.png", exif=exif)), turn(RGB))
    smooth = np.linspace(0, 255, 20 * 24).reshape(20, 24, 1).repeat(3, axis=2).astype(np.uint8)
    found = decode(save(tmp_path / "e.jpg", smooth, exif=exif, quality=95))
    np.testing.assert_allclose(found, turn(smooth).astype(int), atol=6)


def test_the_middle_is_cut():
    wide = np.zeros((4, 9, 3), dtype=np.uint8)
    wide[:, :, 0] = np.arange(9) * 10
    np.testing.assert_allclose(fit(wide, 4)[0, :, 0] * 255, [20, 30, 40, 50], rtol=1e-6)
    np.testing.assert_array_equal(fit(wide.swapaxes(0, 1), 4), fit(wide, 4).swapaxes(0, 1))
    deep = wide.astype(np.uint16) * 257
    np.testing.assert_allclose(fit(deep, 4), fit(wide, 4), rtol=1e-6)


@pytest.mark.parametrize("type_", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (5, 31), (40, 17)])
def test_resizing_keeps_a_constant_and_its_range(type_, shape):
    peak = np.iinfo(type_).max
    constant = np.full((*shape, 3), peak // 5, dtype=type_)
    found = fit(constant, 8)
    assert found.shape == (8, 8, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found, (peak // 5) / peak, atol=1e-6)
    edge = constant.copy()
    edge[: shape[0] // 2] = peak
    edge[shape[0] // 2 :] = 0
    assert fit(edge, 8).min() >= 0 and fit(edge, 8).max() <= 1


def test_what_is_no_image_is_listed_and_the_rest_goes_on(tmp_path):
    fill(tmp_path, 4)
    whole = save(tmp_path / "cut.png", np.random.default_rng(0).integers(
        0, 255, (64, 64, 3), dtype=np.uint8
    )).read_bytes()  # fmt: skip
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "page.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "damaged.tif").write_bytes(b"II*\0" + bytes(40))
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")
    save(tmp_path / "dot.gif", np.zeros((1, 1), dtype=np.uint8))
    save(tmp_path / ".hidden.png")
    found = Folder.find(tmp_path)
    assert [image.key for image in found.images] == [f"{n:02d}.png" for n in range(4)]
    reasons = dict(found.skipped)
    assert reasons.pop("cut.png").startswith("a broken image")
    assert reasons.pop("damaged.tif").startswith("a broken image")
    assert reasons == {
        "notes.txt": "not an image",
        "page.eps": "not an image",
        "empty.jpg": "an empty file",
        "gone.png": "not a regular file",
        "pipe.png": "not a regular file",
        "dot.gif": "1 x 1 pixels, less than 16 a side",
    }


def test_headers_alone_leave_broken_pixels_for_later(tmp_path):
    path = save(tmp_path / "a.png", np.random.default_rng(0).integers(
        0, 255, (64, 64, 3), dtype=np.uint8
    ))  # fmt: skip
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"no image to train.*a\.png: a broken image"):
        Folder.find(tmp_path)
    found = Folder.find(tmp_path, check="header")
    with pytest.raises(InputError, match="a broken image") as error:
        found.load(found.images[0])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name", ["a\nb.png", "'; rm -rf ~.png", "ü 漢.png", "-x.png", "back\\slash.png", "%s{}.png"]
)
def test_hostile_names_survive(name, tmp_path):
    save(tmp_path / name)
    (image,) = Folder.find(tmp_path).images
    assert image.key.isprintable()
    np.testing.assert_allclose(Folder.find(tmp_path).load(image), RGB / 255, rtol=1e-6)


def test_a_name_that_is_no_text_survives(tmp_path):
    save(tmp_path / "a.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    found = Folder.find(tmp_path)
    assert [image.key for image in found.images] == ["\\udcff.png"]
    assert found.load(found.images[0]).shape == RGB.shape


def test_sub_folders_are_splits(tmp_path):
    fill(tmp_path / "Train" / "oak", 6)
    fill(tmp_path / "val", 2, start=6)
    fill(tmp_path / "test" / "deep" / "er", 3, start=8)
    fill(tmp_path, 1)
    found = Folder.find(tmp_path, seed=5)
    assert names(found, "train") == [f"Train/oak/{n:02d}.png" for n in range(6)]
    assert names(found, "validation") == ["val/06.png", "val/07.png"]
    assert len(names(found, "test")) == 3
    assert found.skipped == (("00.png", "outside Train, test, val"),)


def test_a_missing_split_is_drawn_from_train(tmp_path):
    fill(tmp_path / "train", 10)
    fill(tmp_path / "valid", 2)
    found = Folder.find(tmp_path, test=0.3)
    assert [len(found.of(split)) for split in ("train", "validation", "test")] == [7, 2, 3]
    assert all(key.startswith("train/") for key in names(found, "test"))
    with pytest.raises(InputError, match="valid without train; expected a sub-folder train"):
        (tmp_path / "train").rename(tmp_path / "training")
        Folder.find(tmp_path)


def test_linked_folders_are_entered_once(tmp_path):
    fill(tmp_path / "elsewhere", 3)
    (tmp_path / "set").mkdir()
    for name in ("one", "two"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "elsewhere")
    keys = [image.key for image in Folder.find(tmp_path / "set").images]
    assert keys == ["one/00.png", "one/01.png", "one/02.png"]


def test_a_link_to_the_folder_itself_is_not_entered(tmp_path):
    fill(tmp_path / "set", 3)
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set")
    assert len(Folder.find(tmp_path / "set").images) == 3


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 12))
def test_a_seed_decides_and_every_file_has_one_split(seed, count, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / f"seeded {count}"
    if not folder.exists():
        fill(folder, count)
    found = Folder.find(folder, seed=seed, check="header")
    assert len(found.images) == count == len({image.source for image in found.images})
    assert found.images == Folder.find(folder, seed=seed, check="header").images


def test_a_limit_draws_per_split_and_few_are_among_many(tmp_path):
    fill(tmp_path, 40)
    (tmp_path / "00.png").write_text("broken")
    some = Folder.find(tmp_path, seed=2, most={"train": 5, "validation": 3})
    more = Folder.find(tmp_path, seed=2, most={"train": 12, "validation": 3})
    assert [len(more.of(split)) for split in ("train", "validation", "test")] == [12, 3, 6]
    assert set(some.of("train")) < set(more.of("train"))
    assert some.of("validation") == more.of("validation")
    assert [len(Folder.find(tmp_path, most=2).of(s)) for s in ("train", "validation", "test")] == [
        2
    ] * 3
    assert set(Folder.find(tmp_path, seed=3, most=5).of("train")) != set(some.of("train"))


def test_a_seed_decides_the_draw_from_a_sub_folder_too(tmp_path):
    for number, name in enumerate(("train", "val", "test")):
        fill(tmp_path / name, 20, start=20 * number)
    draws = {Folder.find(tmp_path, seed=seed, most=4).of("train") for seed in (2, 3)}
    assert len(draws) == 2
    assert Folder.find(tmp_path, seed=2, most=4).of("train") in draws


def test_what_cannot_be_is_one_line(tmp_path):
    fill(tmp_path, 2)
    for arguments, message in (
        ({"folder": tmp_path / "absent"}, "no folder"),
        ({"folder": tmp_path, "check": "all"}, "check 'all'"),
        ({"folder": tmp_path, "size": 0}, "size 0"),
        ({"folder": tmp_path, "most": {"exam": 3}}, "to exam at most"),
        ({"folder": tmp_path, "most": 0}, "no image to train with"),
    ):
        with pytest.raises(InputError, match=message) as error:
            Folder.find(**arguments)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [(1, 1), (13, 7)])
def test_sixteen_bit_colours_are_written_and_read_as_png(tmp_path, size):
    colours = np.random.default_rng(0).integers(0, 65536, (*size, 3), dtype=np.uint16)
    save_counts(colours, tmp_path / "c.png")
    np.testing.assert_array_equal(decode(tmp_path / "c.png"), colours)
    # another reader agrees, as far as it goes
    with Image.open(tmp_path / "c.png") as image:
        np.testing.assert_array_equal(np.asarray(image), colours >> 8)
    save_counts((colours >> 8).astype(np.uint8), tmp_path / "8.png")
    np.testing.assert_array_equal(decode(tmp_path / "8.png"), colours >> 8)


def test_a_tiff_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "t.tif", np.zeros((30, 30, 3), np.uint16), photometric="rgb")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 450)
    assert decode(tmp_path / "t.tif").shape == (30, 30, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 449)
    with pytest.raises(InputError, match="decompression bomb"):
        decode(tmp_path / "t.tif")
    # of the TIFFs that Pillow does not read it asks nothing
    with pytest.raises(InputError, match="900 pixels; expected 898 at most"):
        pixels._with_tifffile(tmp_path / "t.tif")


def deflated(path, packed, kind):
    """Write sixteen-bit colours of 16 x 16 pixels, of which the deflated bytes are given."""
    tags = {
        256: 16, 257: 16, 258: 8 + 2 + 12 * 9 + 4, 259: kind, 262: 2,
        273: 8 + 2 + 12 * 9 + 4 + 6, 277: 3, 278: 16, 279: len(packed),
    }  # fmt: skip
    head = struct.pack("<2sHLH", b"II", 42, 8, len(tags))
    for tag, value in tags.items():
        head += struct.pack("<HHLL", tag, *((3, 3) if tag == 258 else (4, 1)), value)
    path.write_bytes(head + struct.pack("<LHHH", 0, 16, 16, 16) + packed)


@pytest.mark.parametrize("kind", [8, 32946])
def test_a_deflated_strip_is_read_no_further_than_it_belongs_to_the_image(tmp_path, kind):
    colours = np.random.default_rng(0).integers(0, 65536, (16, 16, 3), dtype=np.uint16)
    deflated(tmp_path / "good.tif", zlib.compress(colours.tobytes()), kind)
    np.testing.assert_array_equal(decode(tmp_path / "good.tif"), colours)
    deflated(tmp_path / "bomb.tif", zlib.compress(colours.tobytes() + bytes(100 << 20)), kind)
    tracemalloc.start()
    np.testing.assert_array_equal(decode(tmp_path / "bomb.tif"), colours)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()
