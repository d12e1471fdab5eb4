"""The one training loop: early stopping, checkpoints, precision, device."""
