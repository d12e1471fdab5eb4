"""Networks between gray and colour: what counts as an error, sizes, and what stays frozen."""

import numpy as np
import pytest
import torch
from torch import nn

from chromapal.colorizers.networks.autoencoder import Autoencoder
from chromapal.colorizers.networks.frozen import Frozen
from chromapal.colorizers.networks.lab_network import LabNetwork
from chromapal.colorizers.networks.layers import SkipDecoder
from chromapal.colorizers.networks.mid_level import NEUTRAL, MidLevel
from chromapal.errors import InputError
from chromapal.prepare import lab
from chromapal.prepare.images import ImageBatch, ImageSamples
from chromapal.training.precision import guarded
from chromapal.training.task import calibrate


class Told(nn.Module):
    """Answers what it was told, and notes what it was shown."""

    def __init__(self, answer: torch.Tensor):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        self.seen = x
        return self.answer


def batch(*sizes: tuple[int, int]) -> ImageBatch:
    rng = np.random.default_rng(0)
    made = [rng.random((*size, 3), dtype=np.float32) for size in sizes]
    samples = ImageSamples([(rgb, rgb.mean(axis=2)) for rgb in made])
    return next(samples.epoch(len(sizes), seed=0))


@pytest.mark.parametrize(("scale", "low", "span"), [("signed", 0, 128), ("unit", 128, 255)])
def test_a_right_answer_is_no_error_and_gives_the_colours_back(scale, low, span):
    given = batch((40, 33))
    space = lab.rgb_to_lab(given.rgb)
    answer = (space[:, 1:] + low) / span
    network = LabNetwork(Told(answer), "gray", scale)
    total, weight = network.errors(network(given.gray), given)
    assert float(weight) == 40 * 33
    assert float(total) == pytest.approx(0, abs=1e-6)
    # With the lightness of the true colour, the true colour comes out.
    light = torch.cat([space[:, :1], torch.zeros_like(space[:, 1:])], dim=1)
    gray = lab.lab_to_rgb(light).mean(dim=1, keepdim=True)
    torch.testing.assert_close(network.colours(gray), given.rgb, atol=2e-3, rtol=0)


def test_lightness_is_shown_where_asked():
    given = batch((40, 33))
    for sees, expected in (("gray", given.gray), ("lightness", lab.lightness(given.gray) / 100)):
        body = Told(torch.zeros(1, 2, 40, 33))
        LabNetwork(body, sees, "signed")(given.gray)
        assert torch.equal(body.seen, expected)


def test_errors_of_the_padding_do_not_count():
    given = batch((40, 36), (34, 50))
    target = lab.rgb_to_lab(given.rgb)[:, 1:] / 128
    off = torch.where(given.mask > 0, 0.5, 100.0)
    network = LabNetwork(Told(target + off), "gray", "signed")
    total, weight = network.errors(network(given.gray), given)
    assert float(weight) == 40 * 36 + 34 * 50
    assert float(total / weight) == pytest.approx(0.25, rel=1e-4)


@pytest.mark.parametrize(("off", "expected"), [(0.02, 0.0002), (0.5, 0.05 * (0.5 - 0.025))])
def test_hubers_loss_is_square_below_delta_and_straight_above(off, expected):
    given = batch((40, 36))
    target = lab.ab_to_unit(lab.rgb_to_lab(given.rgb)[:, 1:])
    network = LabNetwork(Told(target + off), "gray", "unit", "huber", 0.05)
    total, weight = network.errors(network(given.gray), given)
    assert float(total / weight) == pytest.approx(expected, rel=1e-3)


def test_another_loss_is_one_line():
    with pytest.raises(InputError, match="'mea'; expected one of mse, huber"):
        LabNetwork(nn.Identity(), "gray", "unit", "mea")


BODIES = {
    "mid_level": lambda: MidLevel(18),
    "autoencoder": lambda: Autoencoder(8, 3),
    "frozen": lambda: Frozen(2),
}


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 47), (64, 32)])
@pytest.mark.parametrize("body", BODIES)
def test_an_answer_has_the_images_size_and_begins_as_gray(body, size):
    network = LabNetwork(BODIES[body](), "gray", "unit" if body == "mid_level" else "signed")
    gray = torch.rand(1, 1, *size)
    answer = network.train()(gray)
    assert answer.shape == (1, 2, *size)
    start = NEUTRAL if body == "mid_level" else 0
    torch.testing.assert_close(answer, torch.full_like(answer, start))
    torch.testing.assert_close(
        network.eval().colours(gray), gray.expand(-1, 3, -1, -1), atol=2e-3, rtol=0
    )


def test_a_decoder_joins_features_of_their_own_sizes():
    features = [torch.rand(2, 3, 9, 7), torch.rand(2, 5, 5, 4), torch.rand(2, 6, 2, 1)]
    decoder = SkipDecoder((3, 5, 6), (4, 8, 16), 2)
    nn.init.normal_(decoder.last.weight)
    assert decoder(features).shape == (2, 2, 9, 7)
    for level in range(3):
        changed = [part + (place == level) for place, part in enumerate(features)]
        assert not torch.equal(decoder(changed), decoder(features))


@pytest.mark.parametrize("bf16", [False, True])
def test_frozen_layers_neither_learn_nor_adapt(bf16):
    body = Frozen(2)
    nn.init.normal_(body.decoder.last.weight)
    before = {name: value.clone() for name, value in body.encoder.state_dict().items()}
    network = LabNetwork(body, "gray", "signed").train()
    given = batch((40, 36), (40, 36))
    with guarded("bf16"), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        network(given.gray).sum().backward()
        calibrate(network, [given])
    assert all(parameter.grad is None for parameter in body.encoder.parameters())
    assert body.decoder.last.weight.grad is not None
    for name, value in body.encoder.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert body.decoder.deepest[1].running_mean.abs().max() > 0
