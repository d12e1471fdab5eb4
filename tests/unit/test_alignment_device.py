"""An animal is aligned the same on a GPU as on a CPU."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.worm_batch import fitted

CLOSE = 1e-6


def compare(device: str):
    """Align one animal on the CPU and on another device, and compare what was found."""
    worms = fitted()
    animal = worms.tested[0].blind()
    other = dataclasses.replace(worms.aligner, device=device)
    there, back = worms.aligner.align(animal), other.align(animal)
    assert worms.aligner.device == "cpu" and back.names == there.names
    for sign in (1.0, -1.0):
        # what is found comes back to the CPU
        np.testing.assert_allclose(back.position[sign], there.position[sign], rtol=0, atol=CLOSE)
        np.testing.assert_allclose(back.log[sign], there.log[sign], rtol=0, atol=CLOSE)
    assert back.evidence == pytest.approx(there.evidence, abs=CLOSE)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU to align animals on")
def test_an_animal_is_aligned_the_same_on_a_gpu():
    compare("cuda")
