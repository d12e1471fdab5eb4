"""Colorizers: one file per method."""
