"""Shared by all colorizers: contract, settings, training and prediction from file to file."""
