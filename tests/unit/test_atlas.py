import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, multivariate_t

from chromapal.identify.atlas import Atlas
from chromapal.identify.name_distribution import NameDistribution

INF = float("inf")


def column(*values):
    return torch.tensor(values, dtype=torch.float64)[:, None]


def test_mean_covariance_and_shrinkage_by_hand():
    spread = NameDistribution.fit(column(0, 2, 10), torch.tensor([0, 0, 1]), 2, least=0.25)
    assert spread.mean.flatten().tolist() == [1, 10]
    # own sums of squares 2 and 0; pooled 2 / (3 - 2 halves) = 1; eight pseudo-neurons of it
    own = [(2 + 8) / (2 + 8) + 0.25, (0 + 8) / (1 + 8) + 0.25]
    np.testing.assert_allclose(spread.covariance.flatten(), own)


def test_covariance_of_a_common_name_becomes_its_own():
    rng = np.random.default_rng(0)
    wide, narrow = rng.normal(0, 3, (4000, 2)), rng.normal(0, 0.5, (4000, 2))
    values = torch.from_numpy(np.concatenate([wide, narrow]))
    spread = NameDistribution.fit(values, torch.arange(2).repeat_interleave(4000), 2)
    np.testing.assert_allclose(spread.covariance[0], np.cov(wide.T), rtol=0.02, atol=0.05)
    np.testing.assert_allclose(spread.covariance[1], np.cov(narrow.T), rtol=0.1, atol=0.05)


@pytest.mark.parametrize("degrees_of_freedom", [INF, 5.0])
@pytest.mark.parametrize("extra", [0.0, 2.0])
def test_log_density_is_that_of_scipy_but_for_a_shared_constant(degrees_of_freedom, extra):
    rng = np.random.default_rng(1)
    scale = np.stack([part @ part.T + np.eye(3) for part in rng.normal(size=(4, 3, 3))])
    mean, values = rng.normal(0, 5, (4, 3)), rng.normal(0, 5, (6, 3))
    spread = NameDistribution(torch.from_numpy(mean), torch.from_numpy(scale), degrees_of_freedom)
    found = spread.log_density(torch.from_numpy(values), extra).numpy()
    total = scale + extra * np.eye(3)
    expected = np.column_stack(
        [
            multivariate_normal(m, s).logpdf(values)
            if np.isinf(degrees_of_freedom)
            else multivariate_t(m, s, degrees_of_freedom).logpdf(values)
            for m, s in zip(mean, total, strict=True)
        ]
    )
    np.testing.assert_allclose(found - found[0, 0], expected - expected[0, 0], atol=1e-8)


def test_student_resists_an_outlier():
    rng = np.random.default_rng(2)
    values = torch.from_numpy(np.append(rng.normal(0, 1, 20), 60.0))[:, None]
    name = torch.zeros(21, dtype=torch.int64)
    gauss, student = (
        NameDistribution.fit(values, name, 1, degrees_of_freedom)
        for degrees_of_freedom in (INF, 4.0)
    )
    assert gauss.mean.item() > 2
    assert abs(student.mean.item()) < 0.5
    assert student.covariance.item() < gauss.covariance.item() / 10


def test_a_laboratorys_own_means_by_hand():
    values = torch.tensor([[0.0, 0], [2, 0], [10, 9], [10, 1]], dtype=torch.float64)
    lab = np.array(["EY", "SF", "SF", "SF"])
    spread = NameDistribution.fit(values, torch.tensor([0, 0, 1, 1]), 2, laboratory=lab)
    # EY's one neuron lies 1 below the mean of its name, among eight pseudo-neurons of none
    np.testing.assert_allclose(spread.at("EY").mean, [[1 - 1 / 9, 0], [10, 5]])
    np.testing.assert_allclose(spread.at("SF").mean, [[1 + 1 / 9, 0], [10, 5]])
    assert torch.equal(spread.at("EY").covariance, spread.covariance)
    # of a laboratory never seen, or where none is told, the common means
    assert spread.at("NP") is spread
    assert NameDistribution.fit(values, torch.tensor([0, 0, 1, 1]), 2).local == {}


def test_a_laboratory_of_many_worms_has_its_own_means():
    rng = np.random.default_rng(4)
    values = torch.from_numpy(rng.normal(0, 1, (2000, 1)))
    values[1000:] += 6
    lab = np.repeat(["EY", "SF"], 1000)
    spread = NameDistribution.fit(
        values, torch.zeros(2000, dtype=torch.int64), 1, 6.0, laboratory=lab
    )
    assert spread.at("SF").mean.item() - spread.at("EY").mean.item() == pytest.approx(6, abs=0.2)


def made(degrees_of_freedom=INF, channels=None, laboratories=None):
    rng = np.random.default_rng(3)
    positions = [torch.from_numpy(rng.normal(0, 10, (3, 3))) for _ in range(3)]
    if channels is None:
        channels = [torch.from_numpy(rng.normal(size=(3, 2))) for _ in range(3)]
    labels = [np.array(names) for names in (["B", "A", ""], ["A", "", "C"], ["A", "B", ""])]
    return (
        positions,
        channels,
        Atlas.fit(positions, channels, labels, degrees_of_freedom, laboratories),
    )


def test_atlas_by_hand():
    positions, channels, atlas = made()
    assert atlas.names == ("A", "B", "C")
    np.testing.assert_allclose(atlas.presence, [1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(atlas.position.mean[2], positions[1][2])
    np.testing.assert_allclose(atlas.position.mean[1], (positions[0][0] + positions[2][1]) / 2)
    np.testing.assert_allclose(
        atlas.channels.mean[0], (channels[0][1] + channels[1][0] + channels[2][0]) / 3
    )


@pytest.mark.parametrize("degrees_of_freedom", [INF, 6.0])
def test_what_is_saved_is_what_is_loaded(tmp_path, degrees_of_freedom):
    _, _, atlas = made(degrees_of_freedom, laboratories=["EY", "SF", "EY"])
    atlas.save(tmp_path / "atlas")
    again = Atlas.load(tmp_path / "atlas")
    assert again.names == atlas.names
    assert (
        again.position.degrees_of_freedom == again.channels.degrees_of_freedom == degrees_of_freedom
    )
    for part in ("position", "channels"):
        assert torch.equal(getattr(again, part).mean, getattr(atlas, part).mean)
        assert torch.equal(getattr(again, part).covariance, getattr(atlas, part).covariance)
        for lab in ("EY", "SF", "NP"):
            there, back = (getattr(one.at(lab), part).mean for one in (atlas, again))
            assert torch.equal(there, back) and there.isfinite().all()
            assert torch.equal(there, getattr(atlas, part).mean) == (lab == "NP")
    assert torch.equal(again.presence, atlas.presence)


def test_an_worm_without_the_cue_teaches_positions_only():
    lacking = [column(1, 2, 3), torch.full((3, 1), torch.nan).double(), column(5, 6, 7)]
    positions, _, atlas = made(channels=lacking)
    # A: 2 in the first worm and 5 in the third; C is known from the second worm alone
    np.testing.assert_allclose(atlas.channels.mean[:2].flatten(), [3.5, 3.5])
    np.testing.assert_allclose(atlas.channels.mean[2], (1 + 2 + 5 + 6) / 4)
    np.testing.assert_allclose(atlas.position.mean[2], positions[1][2])
    assert atlas.channels.covariance.isfinite().all()


def test_a_laboratory_without_the_cue_has_means_of_place_alone():
    lacking = [column(1, 2, 3), torch.full((3, 1), torch.nan).double(), column(5, 6, 7)]
    _, _, atlas = made(channels=lacking, laboratories=["EY", "SF", "EY"])
    assert torch.equal(atlas.at("SF").channels.mean, atlas.channels.mean)
    assert not torch.equal(atlas.at("SF").position.mean, atlas.position.mean)


@pytest.mark.parametrize("degrees_of_freedom", [INF, 6.0])
def test_a_cue_that_no_training_worm_has_tells_nothing(degrees_of_freedom):
    _, _, atlas = made(degrees_of_freedom, [torch.full((3, 2), torch.nan).double()] * 3)
    found = atlas.channels.log_density(torch.ones(4, 2, dtype=torch.float64))
    assert found.isfinite().all()
    assert (found.max(1).values - found.min(1).values).max() == 0


def test_no_cue_at_all():
    _, _, atlas = made(channels=[torch.zeros(3, 0, dtype=torch.float64)] * 3)
    assert (atlas.channels.log_density(torch.zeros(5, 0, dtype=torch.float64)) == 0).all()
