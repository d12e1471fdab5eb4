"""Sources of worms: one file per source, found by its name; see `chromapal.worms.registry`."""
