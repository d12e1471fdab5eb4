"""Methods are found by file name, and their parameters are checked."""

import pytest

from chromapal import methods
from chromapal.errors import InputError
from tests import imports


def test_the_classifiers_and_the_colorizers_are_found():
    assert {
        "atlas_gaussian", "atlas_student", "k_nearest_neighbours", "logistic_regression", "mlp",
        "neuron_transformer", "random_forest", "svm",
    } <= set(methods.names("classifiers"))  # fmt: skip
    assert {
        "context_mlp", "copy_gray", "identify_then_colour", "identify_then_colour_stacked",
        "lab_autoencoder", "lab_rebalanced", "lab_resnet18", "lab_resnet34", "lab_resnet50_frozen",
        "mean_colour", "resnet18_fusion",
    } <= set(methods.names("colorizers"))  # fmt: skip


def test_colorizers_are_told_apart_by_what_they_take():
    neurons, images = methods.accepting("neurons"), methods.accepting("images")
    assert set(neurons) & set(images) >= {"copy_gray", "mean_colour"}
    assert set(neurons) | set(images) == set(methods.names("colorizers"))
    for name in methods.names("colorizers"):
        accepts = methods.module("colorizers", name).accepts
        assert set(accepts) == {
            given for given, found in (("neurons", neurons), ("images", images)) if name in found
        }
    methods.check_accepts("mean_colour", "images")
    with pytest.raises(InputError, match=r"'lab_resnet18'; expected for neurons, one of copy_gray"):
        methods.check_accepts("lab_resnet18", "neurons")


def test_shared_files_are_no_methods():
    assert not {"contract", "resnet", "layers", "frozen"} & set(methods.names("colorizers"))
    shared = {"naming", "scores", "predicted", "atlas_density"}
    assert not shared & set(methods.names("classifiers"))


def declaring(monkeypatch, tmp_path, **texts):
    """Put classifiers of these texts in the place of the package's."""
    (tmp_path / "classifiers").mkdir()
    for name, text in texts.items():
        (tmp_path / f"classifiers/{name}.py").write_text(text)
    monkeypatch.setattr(methods, "PACKAGE", tmp_path)
    for cached in (methods.names, methods._declarations, methods.declaring):
        monkeypatch.setattr(methods, cached.__name__, cached.__wrapped__)


def test_declarations_are_read_without_running_the_file(monkeypatch, tmp_path):
    heavy = "import no_such_library\n"
    texts = {"a": heavy, "b": f"{heavy}gpu = True\nrank = 2\nother = f(1)\n", "c": "rank = 1\n"}
    declaring(monkeypatch, tmp_path, **texts)
    assert [methods.declared("classifiers", name, "gpu") for name in "abc"] == [False, True, False]
    assert methods.declaring("classifiers", "gpu") == ("b",)
    assert methods.ranked("classifiers", ["a", "b", "d", "c"]) == ["c", "b", "a", "d"]
    # one that is gone: a table of an earlier study may name it
    assert methods.declared("classifiers", "d", "gpu") is False
    with pytest.raises(KeyError):
        methods.declared("classifiers", "a", "cpu")


def test_a_declaration_that_is_computed_is_refused(monkeypatch, tmp_path):
    declaring(monkeypatch, tmp_path, a="gpu = torch.cuda.is_available()\n")
    with pytest.raises(InputError, match=r"a\.py: found gpu = torch.*; expected a plain value"):
        methods.declared("classifiers", "a", "gpu")


def test_what_reports_call_baselines():
    assert methods.baselines()[:2] == ("mean_colour", "copy_gray")
    words = [methods.words("colorizers", name) for name in methods.baselines()[:2]]
    assert words == ["mean colour", "copied gray"]
    assert methods.words("colorizers", "a_method_that_is_gone") == "a method that is gone"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"step": 3}, "step"),
        ({"steps": "many"}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"steps": True}, "steps"),
        ({"weights": 3}, "weights"),
        ({"schedule": "sometimes"}, "schedule"),
        ({"ema": 1.0}, "ema"),
        # what the study's key `frame` decides
        ({"body": True}, "body"),
    ],
)
def test_wrong_parameters_are_named(changes, named):
    with pytest.raises(InputError, match=f"params.colorizers.resnet18_fusion.{named}'"):
        methods.params("colorizers", "resnet18_fusion", changes)


def test_an_integer_serves_where_a_float_is_meant():
    assert methods.params("colorizers", "resnet18_fusion", {"learning_rate": 1}).learning_rate == 1


def test_an_unknown_method_lists_the_known():
    with pytest.raises(InputError, match=r"'crayons'.*resnet18_fusion"):
        methods.params("colorizers", "crayons")


def test_parameters_are_read_without_the_libraries_behind_them():
    script = (
        "from chromapal import methods, provenance; from chromapal.worms import plan\n"
        "for kind in ('colorizers', 'classifiers'):\n"
        "    for name in methods.names(kind): methods.params(kind, name)"
    )
    assert imports.loaded(script, {"torch", "sklearn", "lightning"}) == set()
