"""Where worms come from: one file per source, found by its name; see `chromapal.worms.registry`."""
