import pandas as pd
import pytest

from chromapal.columns import VARIANTS
from chromapal.errors import InputError
from chromapal.prepare.variants import select

NEURONS = pd.DataFrame({"name": ["AVAL", "", "RIML", ""], "row": [0, 1, 2, 3]})


def test_background_is_a_name_for_unlabelled_neurons():
    chosen = select(NEURONS, "with_background")
    assert chosen["name"].tolist() == ["AVAL", "background", "RIML", "background"]
    assert chosen["row"].tolist() == [0, 1, 2, 3]
    assert NEURONS["name"].tolist() == ["AVAL", "", "RIML", ""]


@pytest.mark.parametrize("variant", ["no_background", "no_background_smote"])
def test_without_background_unlabelled_neurons_go(variant):
    chosen = select(NEURONS, variant)
    assert chosen["row"].tolist() == [0, 2] and chosen.index.tolist() == [0, 1]


def test_unknown_variant_names_the_key():
    with pytest.raises(InputError, match=f"config key 'variants'.*{', '.join(VARIANTS)}"):
        select(NEURONS, "background_only")
