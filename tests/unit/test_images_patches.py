"""Patches of photographs: as many as asked for, and no photograph in two parts."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from chromapal.colorizers import context_mlp
from chromapal.errors import InputError
from chromapal.images import sets


def write(folder, **counts):
    """Write photographs of 40 by 60 pixels, each pixel of which tells its place."""
    down, across = np.mgrid[:40, :60]
    number = 0
    for part, count in counts.items():
        (folder / part).mkdir(parents=True)
        for place in range(count):
            pixels = np.dstack([down, across, np.full_like(down, number)]).astype(np.uint8)
            Image.fromarray(pixels).save(folder / part / f"{place:02d}.png")
            number += 1
    return {"kind": "patches", "folder": str(folder), "size": 16, "held_out": 2}


def test_every_part_has_its_number_of_other_photographs(tmp_path):
    options = write(tmp_path, train=6, val=5) | {"counts": [7, 3, 5]}
    found = sets.find(options, 0)
    assert [len(found.of(split)) for split in sets.SPLITS] == [7, 3, 5]
    sources = {split: Counter(image.source for image in found.of(split)) for split in sets.SPLITS}
    assert not set(sources["train"]) & set(sources["validation"])
    # four photographs train, of which three give two patches and one gives one
    assert sorted(sources["train"].values()) == [1, 2, 2, 2]
    assert sorted(sources["validation"].values()) == [1, 2]
    assert set(sources["test"]) == {f"val/{place:02d}.png" for place in range(5)}
    assert len({image.key for image in found.images}) == 15


def test_parts_of_photographs_are_those_of_whole_photographs(tmp_path):
    options = write(tmp_path, train=6, val=1) | {"counts": [4, 2, 1]}
    patched = {image.source for image in sets.find(options, 3).of("validation")}
    whole = {"kind": "photographs", "folder": options["folder"], "held_out": 2}
    assert patched == {image.source for image in sets.find(whole, 3).of("validation")}


def test_a_patch_is_cut_where_its_key_says_and_none_overlaps(tmp_path):
    options = write(tmp_path, train=3, val=1) | {"counts": [6, 2, 6]}
    sets.list_images(options, 0, tmp_path / "list.parquet")
    listed = sets.listed(tmp_path / "list.parquet", options)
    corners = set()
    for image in listed.of("test"):
        rgb, gray = listed.pair(image)
        assert rgb.shape == (16, 16, 3) and gray.shape == (16, 16)
        top, left = (round(255 * float(rgb[0, 0, axis])) for axis in (0, 1))
        assert (top, left) == image.at and image.key.endswith(f" {top:04d} {left:04d}")
        assert round(255 * float(rgb[15, 15, 0])) == top + 15
        corners.add((top, left))
        rgb[:] = 0  # the caller may write to it
        assert listed.load(image).max() > 0
    # two by three whole patches, in the middle of 40 by 60 pixels
    assert corners == {(top, left) for top in (4, 20) for left in (6, 22, 38)}


def test_photographs_are_shrunk_before_they_are_cut(tmp_path):
    options = write(tmp_path, train=3, val=1) | {"counts": [1, 1, 1], "largest": 20}
    found = sets.find(options, 0)
    # of 20 by 30 pixels, one patch
    assert [image.at for image in found.images] == [(2, 7)] * 3
    assert found.load(found.images[0])[..., 0].max() > 25 / 255


def test_one_seed_draws_the_same_patches(tmp_path):
    options = write(tmp_path, train=6, val=5) | {"counts": [7, 3, 5]}
    one, same, other = (sets.find(options, seed).images for seed in (0, 0, 1))
    assert one == same != other


def test_more_patches_than_there_are_is_one_line(tmp_path):
    options = write(tmp_path, train=6, val=1) | {"counts": [7, 3, 7]}
    with pytest.raises(InputError, match=r"6 patches of 16 pixels to test; expected at least 7"):
        sets.find(options, 0)


def test_the_context_networks_defaults_are_its_authors():
    params = context_mlp.Params()
    assert (params.reach, params.first, params.second) == (2, 8, 4)
    assert (params.decay, params.batch, params.learning_rate) == (1e-4, 1024, 1e-3)
    assert (params.patience, params.rounds, params.plateau_factor) == (10, 6, 0.1)
    assert params.weight_decay == params.ema == 0
