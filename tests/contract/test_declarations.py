"""What methods declare agrees with what they are."""

import pytest

from chromapal import methods, provenance

METHODS = [(kind, name) for kind in ("colorizers", "classifiers") for name in methods.names(kind)]


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_every_method_that_trains_a_network_asks_for_a_gpu_and_no_other_does(kind, name):
    code: set = set()
    provenance._collect(provenance.PACKAGE / kind / f"{name}.py", code)
    trains = provenance.PACKAGE / "training/loop.py" in code
    assert methods.declared(kind, name, "gpu") == trains


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_declarations_are_of_the_type_of_their_defaults(kind, name):
    for key, default in methods.DECLARED.items():
        value = methods.declared(kind, name, key)
        assert isinstance(value, type(default) if key != "rank" else int | float), key
        # what is read from the text is what the module says
        assert getattr(methods.module(kind, name), key, default) == value


@pytest.mark.parametrize("name", methods.names("colorizers"))
def test_every_colorizer_says_what_it_takes_and_what_names_its_neurons(name):
    accepts = methods.declared("colorizers", name, "accepts")
    assert accepts and set(accepts) <= {"neurons", "images"}
    assert methods.declared("colorizers", name, "names_by") in ("", *methods.names("classifiers"))


def test_where_one_method_is_shown_the_ranks_say_which():
    for kind, key in (("colorizers", "baseline"), ("colorizers", "names_by")):
        ranks = [methods.declared(kind, name, "rank") for name in methods.declaring(kind, key)]
        assert len(ranks) > 1 and len(set(ranks[:2])) == 2
