"""Bring worms into one body frame and name their neurons one to one."""
