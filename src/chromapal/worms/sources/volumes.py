"""Microscope volumes, each with a table of neuron centres; for new worms only."""

from chromapal.worms.registry import Source


class Volumes(Source):
    """Channels are read at the centres of the neurons."""

    suffixes = (".tif", ".tiff", ".nd2", ".czi")
    words = "volumes, each with a table of neuron centres"
    centres = "tables"

    def read_new(self, path, options):
        """Read one worm; see `chromapal.worms.centres.read`."""
        from chromapal.worms import centres

        neurons, facts = centres.read(
            path,
            options.centres,
            options.lab,
            options.channels,
            options.spacing,
            options.full_scales,
            options.folder_lab,
            options.with_stack,
        )
        return neurons, [], facts


SOURCE = Volumes()
