"""Neuron tables: their schema, and one file per source of worms."""
