"""Neurons and pictures made ready for learning: scales, splits, grids, colour spaces."""
