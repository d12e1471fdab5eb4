"""Whether a new worm is like the training worms: by how sure its names are, and by its gray."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal.apply import typical
from chromapal.columns import PROBABILITY
from chromapal.identify.assign import UNKNOWN, Calibration
from chromapal.identify.colour import NameColours
from chromapal.identify.name_distribution import NameDistribution

SURE = 0.96
NAMES = np.array(["AVAL", "AVAR", "RIML", "RIMR"])
GRAY = [0.0, 1.0, 2.0, 3.0]


def colours(gray=GRAY):
    mean = torch.zeros(len(gray), 4, dtype=torch.float64)
    mean[:, 0] = torch.tensor(gray, dtype=torch.float64)
    return NameColours(NameDistribution(mean, torch.eye(4).double().repeat(len(gray), 1, 1)))


def surely(order, sure=SURE):
    """Probabilities of four neurons of these names, the rest of 1 shared by the other names."""
    found = torch.full((len(order), len(NAMES)), (1 - sure) / 3, dtype=torch.float64)
    found[torch.arange(len(order)), torch.tensor(order)] = sure
    return found


@pytest.mark.parametrize(
    ("gray", "agreement"),
    [
        ([0.0, 1.0, 2.0, 3.0], 1.0),
        ([9.0, 7.0, 5.0, 3.0], -1.0),
        # deviations -1.5 .5 -.5 1.5 from the mean, of names -1.5 -.5 .5 1.5: 4 / 5
        ([0.0, 2.0, 1.0, 3.0], 0.8),
    ],
)
def test_gray_agrees_with_the_gray_of_the_names(gray, agreement):
    found = typical.gray_agreement(np.array(gray), surely([0, 1, 2, 3]), colours())
    assert found == pytest.approx(agreement)


def test_neurons_count_by_how_sure_their_names_are():
    probabilities = surely([0, 1, 2, 3])
    probabilities[3] = torch.tensor([0.0, 0.0, 0.0, 1e-6])
    # the three others agree; the one that does not has hardly a name
    agreement = typical.gray_agreement(np.array([0.0, 1.0, 2.0, -9.0]), probabilities, colours())
    assert agreement > 0.99


def test_gray_that_does_not_vary_agrees_with_nothing():
    assert np.isnan(typical.gray_agreement(np.ones(4), surely([0, 1, 2, 3]), colours()))
    same = colours([1.0] * 4)
    assert np.isnan(typical.gray_agreement(np.arange(4.0), surely([0, 1, 2, 3]), same))


def trained(grays, sure=SURE):
    """Return what `learn` looks at: worms of four neurons that position names rightly."""
    log = torch.log(surely([0, 1, 2, 3], sure))
    count = len(grays)
    transformer = SimpleNamespace(
        classes_=NAMES,
        held_out_={"position": ([log] * count, [np.full(4, UNKNOWN)] * count)},
        held_out_worms_={"position": list(range(count))},
    )
    identifier = SimpleNamespace(
        transformer=transformer, calibrations={"position": Calibration(1.0, -12.0)}
    )
    neurons = pd.DataFrame(
        [
            {"lab": "EY", "worm": str(worm), "name": name, "gray": gray, "r": 0.0, "g": 0, "b": 0}
            for worm, row in enumerate(grays)
            for name, gray in zip(NAMES, row, strict=True)
        ]
    )
    return identifier, neurons


def test_training_worms_are_compared_with_what_the_others_teach():
    backwards = GRAY[::-1]
    identifier, neurons = trained([GRAY, GRAY, GRAY, backwards])
    found = typical.learn(identifier, neurons)
    # -1 of the one that is the other way round, and 1 of three; were its own gray among what it is
    # compared with, or the others' without it, they would still agree: half a twentieth above -1
    assert found["gray_agreement"] == pytest.approx(np.percentile([1, 1, 1, -1], 5))
    # of two worms each is compared with the other alone
    identifier, neurons = trained([GRAY, backwards])
    assert typical.learn(identifier, neurons)["gray_agreement"] == pytest.approx(-1)


def test_the_least_sure_training_worm_is_kept():
    identifier, neurons = trained([GRAY, GRAY])
    logs = identifier.transformer.held_out_["position"][0]
    logs[1] = torch.log(surely([0, 1, 2, 3], 0.7))
    found = typical.learn(identifier, neurons)
    assert found["mean_probability"] == {"position": pytest.approx(0.7, abs=0.01)}
    # half way from the least sure worm to the other one, of .96
    assert found["search_below"] == {"position": pytest.approx(0.83, abs=0.01)}
    assert found["landmarks"] == {"position": []}  # nobody has labelled anything


def test_without_gray_nothing_is_known_about_it():
    identifier, neurons = trained([[np.nan] * 4] * 2)
    assert typical.learn(identifier, neurons)["gray_agreement"] is None


class Named:
    """An identifier that names the neurons of every worm in order, and flat ones only as such."""

    feature_sets = ("position+gray", "position")

    def identify(self, neurons, either_axes):
        flat = neurons["worm"].eq("flat") & ~neurons["misshapen"]
        found = surely([0, 1, 2, 3] * (len(neurons) // 4))
        found[torch.tensor(flat.tolist())] = 0.2
        return SimpleNamespace(probabilities=found, spurious=np.zeros(len(neurons)))


def new_worms():
    worms = {"like": GRAY, "unlike": GRAY[::-1], "coloured": GRAY[::-1], "all": GRAY[::-1]}
    kinds = ["position+gray", "position+gray", "position+rgb", "position+white+rgb"]
    sets = dict(zip(worms, kinds, strict=True))
    return pd.DataFrame(
        [
            {"lab": "XX", "worm": worm, "gray": value, "features": sets[worm], "misshapen": False}
            for worm, gray in worms.items()
            for value in gray
        ]
    )


def flat_worm():
    return new_worms()[:4].assign(worm="flat")


def test_worms_of_unsure_names_are_named_again_as_misshapen_ones():
    neurons = pd.concat([new_worms(), flat_worm()], ignore_index=True)
    found, misshapen = typical.identify(Named(), neurons, TYPICAL)
    assert set(neurons.loc[misshapen, "worm"]) == {"flat"} and misshapen.sum() == 4
    assert found.probabilities.amax(1).min() == SURE


def test_a_worm_whose_centres_are_spurious_is_not_unsure_for_that():
    class Doubting(Named):
        def identify(self, neurons, either_axes):
            found = super().identify(neurons, either_axes)
            found.spurious[:] = np.resize([0.5, 0.5, 0.9, 1.0], len(neurons))
            found.probabilities *= torch.from_numpy(1 - found.spurious)[:, None]
            return found

    _, misshapen = typical.identify(Doubting(), new_worms()[:4], TYPICAL)
    # a sure .96 of three, and nothing of what is certainly none: .72 on average
    assert not misshapen.any()
    rounds = []

    class Asked(Doubting):
        def identify(self, neurons, either_axes):
            rounds.append(neurons["misshapen"].all())
            return super().identify(neurons, either_axes)

    # of one that is unsure, and no surer as a misshapen one, the first answer is kept
    unsure = {"search_below": {"position+gray": 0.73}}
    _, misshapen = typical.identify(Asked(), new_worms()[:4], unsure)
    assert rounds == [False, True] and not misshapen.any()
    # and where another one is surer, all are named by what is best for each
    both, rounds[:] = pd.concat([new_worms()[:4], flat_worm()], ignore_index=True), []
    _, misshapen = typical.identify(Asked(), both, unsure)
    assert len(rounds) == 3 and misshapen.tolist() == [False] * 4 + [True] * 4


def test_what_is_known_to_be_misshapen_is_named_once():
    neurons, rounds = flat_worm().assign(misshapen=True), []

    class Counting(Named):
        def identify(self, neurons, either_axes):
            rounds.append(either_axes)
            return super().identify(neurons, either_axes)

    _, misshapen = typical.identify(Counting(), neurons, TYPICAL, either_axes=False)
    assert misshapen.all() and rounds == [False]
    # and what is unsure by position is misshapen when it is named by all channels
    named, agreement = typical.with_agreement(Named(), colours(), flat_worm(), TYPICAL, True)
    assert named["misshapen"].all() and agreement["gray_agreement"].tolist() == [pytest.approx(1)]


LEAST = {"position": 0.5, "position+gray": 0.6}
TYPICAL = {"gray_agreement": 0.3, "mean_probability": LEAST, "search_below": LEAST}


def test_worms_whose_gray_does_not_transfer_are_named_without_it():
    neurons, agreement = typical.with_agreement(Named(), colours(), new_worms(), TYPICAL, True)
    assert neurons.drop_duplicates("worm").set_index("worm")["features"].to_dict() == {
        "like": "position+gray", "unlike": "position", "coloured": "position+rgb",
        "all": "position+rgb",
    }  # fmt: skip
    assert agreement.set_index("worm")["gray_agreement"].round(6).to_dict() == {
        "like": 1.0, "unlike": -1.0, "all": -1.0,
    }  # fmt: skip


def test_channels_that_a_person_chose_are_kept():
    neurons, agreement = typical.with_agreement(Named(), colours(), new_worms(), TYPICAL, False)
    assert neurons["features"].equals(new_worms()["features"]) and len(agreement) == 3


def test_a_model_that_does_not_know_positions_alone_asks_nothing():
    model = Named()
    model.feature_sets = ("position+gray",)
    neurons, agreement = typical.with_agreement(model, colours(), new_worms(), TYPICAL, True)
    assert neurons.equals(new_worms()) and agreement.empty


def test_differences_say_what_was_done_about_them():
    worms = pd.DataFrame(
        [
            ("XX", "out", "position", -0.25), ("XX", "kept", "position+gray", 0.1),
            ("XX", "good", "position+gray", 0.31), ("XX", "never", "position", np.nan),
        ],
        columns=["lab", "worm", "features", "gray_agreement"],
    )  # fmt: skip
    named = pd.DataFrame(
        [("XX", worm, answer, chance, spurious) for worm, answer, chance, spurious in
         [("out", "AVA", 0.5, 0.0), ("kept", "AVA", 0.3, 0.25), ("kept", "RIM", 0.7, 0.0),
          # as sure as .6 if it is a neuron; and what is none has no name to be sure of
          ("good", "AVA", 0.45, 0.25), ("good", "", 0.0, 0.9), ("never", "AVA", 0.49, 0.0)]],
        columns=["lab", "worm", "answer", PROBABILITY[0], "spurious_probability"],
    )  # fmt: skip
    found = typical.differences(named, worms, TYPICAL)
    assert [tuple(each.values())[1:] for each in found] == [
        ("out", "gray", "goes -0.25 with names by position, and is left out", "at least 0.30"),
        ("kept", "gray", "goes 0.10 with names by position", "at least 0.30"),
        ("kept", "names", "of mean probability 0.55", "at least 0.60"),
        ("never", "names", "of mean probability 0.49", "at least 0.50"),
    ]  # fmt: skip
