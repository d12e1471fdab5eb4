"""Bins of a and b: shares, decoding between mode and mean, and a prior of training pixels."""

import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull

from chromapal.colorizers import lab_rebalanced
from chromapal.colorizers.networks.rebalanced import Rebalanced, enlarged
from chromapal.prepare import ab_bins, lab
from chromapal.prepare.images import ImageSamples

BINS = ab_bins.in_gamut()


def colours(count: int, seed: int = 0) -> torch.Tensor:
    """Return a and b of random sRGB colours, (count, 2)."""
    rgb = torch.rand(1, 3, 1, count, generator=torch.Generator().manual_seed(seed))
    return lab.rgb_to_lab(rgb)[0, 1:, 0].T


def test_bins_hold_the_gamut_and_little_else():
    assert BINS.shape == (261, 2)
    assert len(torch.unique(BINS, dim=0)) == len(BINS)
    assert (BINS % 10 == 0).all()
    assert [0.0, 0.0] in BINS.tolist()
    assert BINS.amin(0).tolist() == [-90, -110] and BINS.amax(0).tolist() == [100, 90]
    ab = colours(20_000)
    distance = (ab - BINS[ab_bins.nearest(ab, BINS)]).abs()
    assert distance.max() <= 5 + 1e-3


def gamut_surface() -> torch.Tensor:
    """Return a and b of all 8-bit colours with a channel at 0 or 255, around all others, (n, 2)."""
    level = torch.linspace(0, 1, 256)
    side = torch.stack(torch.meshgrid(level, level, indexing="ij"))
    faces = [
        torch.cat([side, torch.full_like(side[:1], end)]).roll(axis, 0)
        for end in (0.0, 1.0)
        for axis in range(3)
    ]
    return lab.rgb_to_lab(torch.stack(faces))[:, 1:].permute(0, 2, 3, 1).reshape(-1, 2)


def test_bins_are_those_of_all_8_bit_colours_and_part_of_the_papers():
    surface = gamut_surface()
    ours = {tuple(centre) for centre in BINS.tolist()}
    assert {tuple(centre) for centre in ((surface / 10).round() * 10).tolist()} <= ours
    # The paper's 313: corners of squares of which the hull of the gamut leaves no side free.
    hull = ConvexHull(surface.double())
    low = np.stack(np.meshgrid(*[np.arange(-130, 130, 10)] * 2), axis=-1).reshape(-1, 1, 2)
    corners = low + 10 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    beyond = corners @ hull.equations[:, :2].T + hull.equations[:, 2]
    touched = (beyond.min(axis=1) <= 0).all(axis=1)
    touched &= (low[:, 0] <= hull.max_bound).all(axis=1)
    touched &= (low[:, 0] + 10 >= hull.min_bound).all(axis=1)
    paper = {tuple(corner) for corner in corners[touched].reshape(-1, 2).tolist()}
    assert len(paper) == 313 and ours < paper


def test_shares_sum_to_one_and_fall_with_distance():
    ab = colours(500)
    which, share = ab_bins.soft_encode(ab, BINS)
    assert which.shape == share.shape == (500, 5)
    torch.testing.assert_close(share.sum(dim=1), torch.ones(500))
    assert torch.equal(which[:, 0], ab_bins.nearest(ab, BINS))
    assert (share.diff(dim=1) <= 0).all()
    # Far from all bins, where every Gaussian is 0 in any precision.
    _, shares = ab_bins.soft_encode(torch.tensor([[1e4, 0.0]]), BINS)
    assert float(shares.sum()) == pytest.approx(1)


def test_shares_of_a_colour_on_a_bin():
    which, share = ab_bins.soft_encode(torch.tensor([[0.0, 0.0]]), BINS)
    assert BINS[which[0, 0]].tolist() == [0, 0]
    assert {tuple(BINS[k].tolist()) for k in which[0, 1:]} == {(10, 0), (-10, 0), (0, 10), (0, -10)}
    beside = np.exp(-(10**2) / (2 * 5**2))
    np.testing.assert_allclose(share[0], np.array([1, *[beside] * 4]) / (1 + 4 * beside), rtol=1e-5)


def test_annealed_mean_is_the_mode_when_cold_and_the_mean_at_one():
    logits = torch.randn(2, len(BINS), 3, 4, generator=torch.Generator().manual_seed(0))
    cold = ab_bins.annealed_mean(logits, BINS, 1e-4)
    mode = BINS[logits.argmax(dim=1)].permute(0, 3, 1, 2)
    torch.testing.assert_close(cold, mode, atol=1e-3, rtol=0)
    mean = torch.einsum("bqhw,qc->bchw", logits.softmax(dim=1), BINS)
    torch.testing.assert_close(ab_bins.annealed_mean(logits, BINS, 1.0), mean)
    between = ab_bins.annealed_mean(logits, BINS, 0.38)
    assert not torch.allclose(between, mean) and not torch.allclose(between, mode)


def test_the_prior_is_a_smoothed_count():
    pixels = [torch.tensor([[0.0, 0.0], [1.0, -2.0]]), torch.tensor([[40.0, 40.0]])]
    found = ab_bins.prior(iter(pixels), BINS)
    assert float(found.sum()) == pytest.approx(1)
    place = {tuple(centre): k for k, centre in enumerate(BINS.tolist())}
    assert found.argmax() == place[0, 0]
    assert found[place[0, 0]] == pytest.approx(2 * found[place[40, 40]].item(), rel=1e-3)
    assert found[place[0, 10]] > found[place[0, 20]] > 0


def test_weights_are_one_on_average_and_even_out_rare_colours():
    prior = torch.tensor([0.7, 0.2, 0.1, 0.0], dtype=torch.float64)
    weights = ab_bins.rebalancing(prior, 0.5)
    assert float((prior * weights).sum()) == pytest.approx(1)
    raw = 1 / (0.5 * prior.numpy() + 0.5 / 4)
    np.testing.assert_allclose(weights, raw / (prior.numpy() * raw).sum())
    assert (weights.diff() > 0).all()
    np.testing.assert_allclose(ab_bins.rebalancing(prior, 1.0), 1)


def image(*colour: float) -> tuple[np.ndarray, np.ndarray]:
    rgb = np.tile(np.array(colour, np.float32), (8, 8, 1))
    return rgb, rgb.mean(axis=2)


def ab_of(rgb: np.ndarray) -> torch.Tensor:
    """Return a and b of all pixels, (n, 2)."""
    return lab.rgb_to_lab(torch.from_numpy(rgb).permute(2, 0, 1)[None])[0, 1:].flatten(1).T


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_class_weights_come_from_training_pixels_only(precision):
    red, blue = image(0.9, 0.2, 0.2), image(0.2, 0.2, 0.9)
    found = []
    for validation in (blue, red):
        model = lab_rebalanced.build(lab_rebalanced.Params(epochs=1, steps=1, batch=2, depth=18))
        train = ImageSamples([red, red])
        model.fit(train, ImageSamples([validation]), 0, "cpu", precision=precision)
        found.append(model.network.class_weight)
    assert torch.equal(*found)
    common, rare = (int(ab_bins.nearest(ab_of(rgb), BINS)[0]) for rgb, _ in (red, blue))
    assert found[0][common] < 1 < found[0][rare]
    prior = ab_bins.prior([ab_of(red[0])], BINS)
    np.testing.assert_allclose(found[0], ab_bins.rebalancing(prior, 0.5), rtol=1e-5)


def test_a_certain_and_right_answer_costs_the_entropy_of_its_shares():
    network = Rebalanced(18, 1.0, 0.38)
    batch = next(ImageSamples([image(0.5, 0.5, 0.5)]).epoch(1))
    ab = lab.rgb_to_lab(batch.rgb)[:, 1:, ::4, ::4].permute(0, 2, 3, 1).reshape(-1, 2)
    which, share = ab_bins.soft_encode(ab, BINS)
    logits = torch.full((4, len(BINS)), -1e4).scatter(1, which, share.log())
    total, weight = network.errors(logits.view(1, 2, 2, -1).permute(0, 3, 1, 2), batch)
    assert float(weight) == 4
    assert float(total) == pytest.approx(float(-(share * share.log()).sum()), rel=1e-5)


def test_rare_colours_weigh_more_in_training_alone():
    network = Rebalanced(18, 0.5, 0.38)
    network.class_weight.fill_(3.0)
    batch = next(ImageSamples([image(0.5, 0.5, 0.5)]).epoch(1))
    logits = torch.zeros(1, len(BINS), 2, 2)
    trained, _ = network.train().errors(logits, batch)
    validated, _ = network.eval().errors(logits, batch)
    # of equal logits the cross-entropy of a pixel is the logarithm of their number
    assert float(validated) == pytest.approx(4 * np.log(len(BINS)), rel=1e-5)
    assert float(trained) == pytest.approx(3 * float(validated), rel=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (4, 5), (7, 9)])
def test_every_fourth_pixel_keeps_its_colour(size):
    ab = torch.rand(1, 2, *(-(-side // 4) for side in size))
    found = enlarged(ab, size)
    assert found.shape == (1, 2, *size)
    torch.testing.assert_close(found[:, :, ::4, ::4], ab)


def test_a_colours_shares_by_hand():
    # squared distances of (3, 4) to its five nearest bins, and exp(-d² / 50) of each
    distances = {(0, 0): 25, (0, 10): 45, (10, 0): 65, (10, 10): 85, (-10, 0): 185}
    shares = dict(zip(distances, [0.40624, 0.27231, 0.18254, 0.12236, 0.01656], strict=True))
    which, share = ab_bins.soft_encode(torch.tensor([[3.0, 4.0]]), BINS)
    found = {tuple(BINS[k].tolist()): float(value) for k, value in zip(*which, *share, strict=True)}
    assert found == pytest.approx(shares, abs=1e-5)


def test_class_weights_by_hand():
    # 1 / (prior / 2 + 1 / 6) is 1.93548, 3.75, 4.61538, whose mean over the prior is 2.56638
    found = ab_bins.rebalancing(torch.tensor([0.7, 0.2, 0.1]).double(), 0.5)
    np.testing.assert_allclose(found, [0.75417, 1.46120, 1.79840], atol=1e-5)


def test_an_annealed_mean_by_hand():
    # at T = 1/2 probabilities are squared: .64 and .04 of .68
    logits = torch.tensor([0.8, 0.2]).log().view(1, 2, 1, 1)
    bins = torch.tensor([[0.0, 0.0], [17.0, -34.0]])
    found = ab_bins.annealed_mean(logits, bins, 0.5).flatten()
    np.testing.assert_allclose(found, [1.0, -2.0], rtol=1e-5)


def fitted(temperature, validation):
    params = lab_rebalanced.Params(
        epochs=1, steps=1, batch=2, depth=18, temperature=temperature, learning_rate=1e-6
    )
    model = lab_rebalanced.build(params)
    red = image(0.9, 0.2, 0.2)
    model.fit(ImageSamples([red, red]), ImageSamples(validation), 0, "cpu")
    return model


def test_a_stated_temperature_is_kept():
    assert float(fitted(0.38, [image(0.5, 0.5, 0.5)]).network.temperature) == pytest.approx(0.38)


class Torn(Rebalanced):
    """Thinks that every pixel is gray or vivid, more likely the latter."""

    def forward(self, gray):
        vivid = int(ab_bins.nearest(torch.tensor([[60.0, 40.0]]), BINS)[0])
        neutral = int(ab_bins.nearest(torch.zeros(1, 2), BINS)[0])
        logits = torch.full((len(gray), len(BINS), *(-(-s // 4) for s in gray.shape[2:])), -99.0)
        logits[:, vivid], logits[:, neutral] = np.log(0.6), np.log(0.4)
        return logits


@pytest.mark.parametrize("right", [0.05, 0.5, 0.95])
def test_the_temperature_makes_validation_images_as_colourful_as_they_are(right):
    network = Torn(18, 0.5, 1.0)
    gray = torch.linspace(0.3, 0.7, 64).view(1, 1, 8, 8)
    truth = network.decode(network(gray), gray, right)[0].permute(1, 2, 0).numpy()
    network.choose_temperature(ImageSamples([(truth, gray[0, 0].numpy())] * 2))
    assert float(network.temperature) == pytest.approx(right)


def test_gray_validation_images_get_the_warmest_temperature():
    network = Torn(18, 0.5, 0.38)
    network.choose_temperature(ImageSamples([image(0.5, 0.5, 0.5)]))
    assert float(network.temperature) == 1


def test_the_temperature_is_saved_with_the_weights(tmp_path):
    model = fitted(0.0, [image(0.9, 0.1, 0.1)])
    model.save(tmp_path)
    again = lab_rebalanced.build(model.params).load(tmp_path)
    assert float(again.network.temperature) == float(model.network.temperature) < 1
