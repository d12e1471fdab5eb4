"""Models of image studies as they are applied: found, sealed, and trusted in nothing."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from chromapal import methods
from chromapal.apply import image_model
from chromapal.apply.plan import results_folder
from chromapal.errors import InputError
from chromapal.training import layout
from tests.colouring import FACTS, write_model

NAMES = methods.accepting("images")


def resealed(folder, change, **facts):
    """Change a model's files and compute its checksums again, as anybody can."""
    known = json.loads((folder / layout.FACTS).read_text())
    (folder / layout.FACTS).unlink()
    change(folder)
    content = {key: known[key] for key in ("colorizer", *FACTS)} | facts
    layout.seal(folder, layout.FACTS, content)
    return folder


def in_json(key, value):
    def change(folder):
        path = folder / "params.json"
        saved = json.loads(path.read_text())
        inner = saved["params"] if key in saved["params"] else saved
        inner[key] = value
        path.write_text(json.dumps(saved))

    return change


def in_weights(edit):
    def change(folder):
        path = folder / "weights.safetensors"
        tensors = load_file(path)
        edit(tensors)
        save_file(tensors, path)

    return change


def one_line(folder):
    with pytest.raises(InputError) as caught:
        image_model.load(folder)
    assert "\n" not in str(caught.value) and layout.RETRAIN in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_colorizer_of_images_can_be_applied(name, tmp_path):
    model, known = image_model.load(write_model(tmp_path, name))
    assert known["colorizer"] == name and known["side"] == 64
    assert hasattr(model, "predict")


def test_a_model_is_found_by_its_folder_and_named_where_a_study_is_given(tmp_path):
    study = tmp_path / "results/s"
    folder = write_model(study / "models/photographs/all/mean_colour")
    assert image_model.find(str(folder)) == folder
    for given, found in {
        str(study): "a study",
        str(tmp_path / "none"): "no folder",
        str(folder.parent): "no model in",
    }.items():
        with pytest.raises(InputError, match=f"config key 'model': found {found}") as caught:
            image_model.find(given)
        assert (str(folder) in caught.value.advice) == (given == str(study))


def test_an_edited_or_incomplete_model_is_refused(tmp_path):
    folder = write_model(tmp_path / "a", "context_mlp")
    (folder / "weights.safetensors").write_bytes(b"other")
    assert "a damaged or other file" in one_line(folder)
    folder = write_model(tmp_path / "b", "context_mlp")
    (folder / "weights.safetensors").unlink()
    assert "found no file" in one_line(folder)
    folder = write_model(tmp_path / "c", side=0)
    assert "side" in one_line(folder)
    folder = write_model(tmp_path / "d")
    (folder / layout.FACTS).unlink()
    assert "found no file" in one_line(folder)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        # of a network that would take terabytes
        ("lab_autoencoder", in_json("width", 6000), "weights .* of other shapes"),
        ("context_mlp", in_json("reach", 1900), "weights .* of other shapes"),
        ("lab_autoencoder", in_json("width", 10**9), "1 to"),
        ("lab_autoencoder", in_json("halvings", 9), "1 to 4"),
        ("lab_autoencoder", in_json("dense", False), "dense"),
        ("lab_autoencoder", in_json("params", [1]), "unusable model"),
        ("context_mlp", in_weights(lambda t: t.popitem()), "weights .* of other shapes"),
        (
            "context_mlp",
            in_weights(lambda t: next(iter(t.values())).fill_(torch.nan)),
            "NaN or infinity",
        ),
        ("mean_colour", in_json("colour", [2.0, 0, 0]), "colours that are none"),
        ("mean_colour", in_json("colour", [0.5]), "unusable model|colours that are none"),
        ("mean_colour", in_json("layout", 1), "layout"),
    ],
)
def test_a_model_that_was_changed_and_sealed_again_is_one_line(name, change, found, tmp_path):
    with pytest.raises(InputError, match=found):
        image_model.load(resealed(write_model(tmp_path, name), change))
    assert one_line(tmp_path)


def test_a_model_of_another_kind_is_refused(tmp_path):
    folder = resealed(write_model(tmp_path), lambda folder: None, colorizer="resnet18_fusion")
    assert "colorizer" in one_line(folder)


def test_weights_are_compared_without_a_network_of_their_size(tmp_path, monkeypatch):
    folder = resealed(write_model(tmp_path, "lab_autoencoder"), in_json("width", 4000))
    made = []
    allocate = torch.nn.Conv2d.__init__

    def watched(self, *args, **kwargs):
        allocate(self, *args, **kwargs)
        made.append(self.weight.device.type)

    monkeypatch.setattr(torch.nn.Conv2d, "__init__", watched)
    one_line(folder)
    assert set(made) == {"meta"}


def test_results_are_called_like_the_images(tmp_path):
    assert results_folder({"out": "", "images": f"{tmp_path}/my"}) == "results/coloured/my"
    with pytest.raises(InputError, match="inside images"):
        results_folder({"out": str(tmp_path / "my/out"), "images": f"{tmp_path}/my"})


def test_a_network_on_paper_has_the_bins_of_a_real_one():
    from chromapal.prepare import ab_bins

    with torch.device("meta"):
        sketched = ab_bins.in_gamut()
    np.testing.assert_array_equal(sketched, ab_bins.in_gamut())
