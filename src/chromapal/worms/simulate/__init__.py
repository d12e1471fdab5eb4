"""Simulated worms, written as real NWB files."""
