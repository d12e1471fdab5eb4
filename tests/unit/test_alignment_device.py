"""A worm is aligned the same on a GPU as on a CPU."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.worm_batch import fitted

CLOSE = 1e-6


def compare(device: str):
    """Align one worm on the CPU and on another device, and compare what was found."""
    worms = fitted()
    worm = worms.tested[0].without_labels()
    other = dataclasses.replace(worms.aligner, device=device)
    there, back = worms.aligner.align(worm), other.align(worm)
    assert worms.aligner.device == "cpu" and back.names == there.names
    for sign in (1.0, -1.0):
        # what is found comes back to the CPU
        np.testing.assert_allclose(back.position[sign], there.position[sign], rtol=0, atol=CLOSE)
        np.testing.assert_allclose(back.log[sign], there.log[sign], rtol=0, atol=CLOSE)
    assert back.evidence == pytest.approx(there.evidence, abs=CLOSE)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU to align worms on")
def test_an_worm_is_aligned_the_same_on_a_gpu():
    compare("cuda")
