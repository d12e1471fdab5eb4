"""NWB files of the DANDI archive, read by range requests or downloaded whole."""

from collections import Counter

from chromapal.worms.dandi import plan
from chromapal.worms.sources.nwb import Nwb


class Dandi(Nwb):
    """The files that a study's manifest lists."""

    suffixes = ()
    words = "NWB files of the DANDI archive"

    def files(self, config):
        """Map a key to the file that a job reads: the manifest, or the downloaded asset.

        Raises
        ------
        InputError
            See `chromapal.worms.dandi.plan.assets`.
        """
        dandi = config["dandi"]
        return {
            key: f"{dandi['cache']}/files/{asset.file}" if dandi["download"] else dandi["manifest"]
            for key, asset in plan.assets(config).items()
        }

    def count(self, config, files):
        """Count one worm per asset."""
        labs = Counter(asset.lab for asset in plan.assets(config).values())
        return dict(sorted(labs.items())), ()


SOURCE = Dandi()
