"""Neurons and images made ready for learning: scales, splits, grids, colour spaces."""
