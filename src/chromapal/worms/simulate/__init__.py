"""Simulated worms, drawn from statistics of real ones and written as real NWB files."""
