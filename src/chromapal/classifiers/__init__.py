"""Classifiers that name neurons: one file per method."""
