"""NWB files with a NeuroPAL volume and its segmentation, one worm each."""

from chromapal.worms.registry import Source


class Nwb(Source):
    """Neurons are measured in the volume, through the masks of the segmentation."""

    suffixes = (".nwb",)
    key = "nwb"
    words = "NWB files"
    has_volumes = True

    def read(self, path, lab, full_scales):
        """Read one worm; see `chromapal.worms.nwb.reader.read`."""
        from chromapal.worms.nwb import reader

        return reader.read(path, lab, full_scales), []

    def read_new(self, path, options):
        """Read one worm, and the facts about its volume and calcium traces."""
        from chromapal.worms.nwb import reader

        neurons, facts = reader.read_with_facts(
            path, options.lab or options.folder_lab, options.full_scales, options.with_stack
        )
        return neurons, [], facts


SOURCE = Nwb()
