"""Volumes from microscopes with a table of neuron centres beside each; for new worms only."""

from chromapal.worms.registry import Source


class Volumes(Source):
    """Counts are looked up at the centres."""

    suffixes = (".tif", ".tiff", ".nd2", ".czi")
    words = "volumes with a table of centres beside each"
    centres = "tables"

    def read_new(self, path, stated):
        """Read one worm; see `chromapal.worms.centres.read`."""
        from chromapal.worms import centres

        neurons, facts = centres.read(
            path, stated.centres, stated.lab, stated.channels, stated.spacing, stated.full_scales
        )
        return neurons, [], facts


SOURCE = Volumes()
