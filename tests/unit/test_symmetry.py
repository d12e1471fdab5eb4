"""Left against right is told by neurons without a partner alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.identify.symmetry import Symmetry, mirrored, other_side
from chromapal.worms.names import PAIRS
from chromapal.worms.simulate import statistics

DEGREES_OF_FREEDOM = 6.0


def simulated(count: int, seed: int) -> tuple[list, list, list]:
    """Right-handed heads in body axes: places, one cue that names share, labels.

    Neurons without a partner, which lie in the middle, are moved to the left.
    """
    rng = np.random.default_rng(seed)
    model = statistics.read()
    usual = model.position.copy()
    usual[model.partner == "", 2] += 3
    positions, channels, labels = [], [], []
    for _ in range(count):
        kept = np.sort(rng.permutation(len(usual))[:120])
        position = usual + rng.normal(0, 2, usual.shape)
        positions.append(torch.from_numpy(position[kept]))
        gray = model.colour[:, 3] / 5 + rng.normal(0, 0.1, len(usual))
        channels.append(torch.from_numpy(gray[kept, None]))
        labels.append(model.names[kept])
    return positions, channels, labels


@pytest.fixture(scope="module")
def learnt() -> Symmetry:
    torch.set_num_threads(1)
    return Symmetry.fit(*simulated(12, 0), DEGREES_OF_FREEDOM)


def test_other_side_by_hand():
    pairs = {"AVAL": "AVAR", "AVAR": "AVAL", "RMDDL": "RMDDR", "IL1VR": "IL1VL", "I2L": "I2R"}
    for name, partner in pairs.items():
        assert other_side(name) == partner
    # these end in L or R and stand alone
    for name in ("AVL", "RIR", "AQR", "PVR", "RIH", "AVA", "L", "R", "", "nobodyL"):
        assert other_side(name) == ""
    assert all(other_side(other_side(f"{stem}L")) == f"{stem}L" for stem in PAIRS)


def test_a_symmetrised_atlas_by_hand():
    position = torch.tensor([[10.0, 0, 7], [10, 0, -3], [20, 5, 4]], dtype=float)
    label = np.array(["AVAL", "AVAR", "RIH"])
    # in the second worm the pair is somewhere else, and AVAR unnamed
    other = torch.tensor([[12.0, 2, 5], [20, 5, 4]], dtype=float)
    channels = torch.zeros(3, 0, dtype=float)
    found = Symmetry.fit(
        [position, other], [channels, channels[:2]], [label, label[[0, 2]]], float("inf")
    )
    assert found.atlas.names == ("AVAL", "AVAR", "RIH")
    # AVAL lies at (11, 1, 6) on average and AVAR at (10, 0, -3): the plane is at 1.5
    assert found.middle == pytest.approx(1.5)
    # left at 7, 5 and, mirrored, 6
    np.testing.assert_allclose(found.atlas.position.mean[0], [32 / 3, 2 / 3, 6])
    np.testing.assert_allclose(found.atlas.position.mean[1], [32 / 3, 2 / 3, -3])
    np.testing.assert_allclose(found.atlas.position.mean[2], [20, 5, 4])
    np.testing.assert_allclose(found.atlas.presence, [0.75, 0.75, 1])


def test_pairs_are_mirror_images(learnt):
    atlas = learnt.atlas
    index = {name: number for number, name in enumerate(atlas.names)}
    flip = torch.tensor([1.0, 1.0, -1.0], dtype=float)
    pairs = [(index[name], index[other_side(name)]) for name in index if name[-1] == "L"
             if other_side(name)]  # fmt: skip
    assert len(pairs) > 50
    left, right = map(list, zip(*pairs, strict=True))
    means = atlas.position.mean
    # all but exactly: the covariance that names share is that of single neurons too
    np.testing.assert_allclose(means[left, :2], means[right, :2], atol=0.02)
    np.testing.assert_allclose(means[left, 2] + means[right, 2], 2 * learnt.middle, atol=0.02)
    solve_similarity = flip[:, None] * atlas.position.covariance[left] * flip
    np.testing.assert_allclose(solve_similarity, atlas.position.covariance[right], atol=0.5)
    np.testing.assert_allclose(atlas.channels.mean[left], atlas.channels.mean[right], atol=1e-3)
    np.testing.assert_allclose(atlas.presence[left], atlas.presence[right])
    # what stands alone need not lie in the middle
    alone = [number for name, number in index.items() if not other_side(name)]
    assert len(alone) > 5
    assert float((means[alone, 2] - learnt.middle).abs().max()) > 1


def test_mirrored_twice_is_as_it_was():
    position = torch.tensor([[1.0, 2, 3], [4, 5, 6]], dtype=float)
    assert mirrored(position, 1.5).tolist() == [[1, 2, 0], [4, 5, -3]]
    assert position.tolist() == [[1, 2, 3], [4, 5, 6]]
    torch.testing.assert_close(mirrored(mirrored(position, 0.7), 0.7), position)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), blank=st.booleans())
def test_evidence_is_antisymmetric(learnt, seed, blank):
    (first, second), (channels, _), _ = simulated(2, seed)
    channels = torch.full_like(channels, torch.nan) if blank else channels
    found = learnt.evidence({1.0: first, -1.0: second}, channels)
    swapped = {1.0: mirrored(first, learnt.middle), -1.0: mirrored(second, learnt.middle)}
    assert learnt.evidence(swapped, channels) == pytest.approx(-found, abs=1e-6)
    assert learnt.evidence({1.0: second, -1.0: first}, channels) == pytest.approx(-found, abs=1e-6)
    assert learnt.evidence({1.0: first, -1.0: first}, channels) == pytest.approx(0, abs=1e-9)


def test_right_handed_worms_give_evidence_for_it(learnt):
    positions, channels, _ = simulated(30, 1)
    for known in (True, False):
        found = [
            learnt.evidence(
                {1.0: position, -1.0: mirrored(position, learnt.middle)},
                channels if known else torch.full_like(channels, torch.nan),
            )
            for position, channels in zip(positions, channels, strict=True)
        ]
        assert np.mean(found) > 2 * np.std(found) / np.sqrt(len(found))


def test_pairs_alone_tell_nothing():
    position = torch.tensor([[10.0, 0, 7], [10, 0, -3], [30, 2, 9], [30, 2, -5]], dtype=float)
    label = np.array(["AVAL", "AVAR", "RIML", "RIMR"])
    channels = torch.zeros(4, 0, dtype=float)
    found = Symmetry.fit(
        [position, position + 0.5], [channels, channels], [label, label], DEGREES_OF_FREEDOM
    )
    new = {1.0: position + torch.tensor([1.0, 0, 2]), -1.0: position - 1}
    assert found.evidence(new, channels) == pytest.approx(0, abs=1e-6)
