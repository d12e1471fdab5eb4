"""Simulated worms, which the study writes as NWB files before it reads them."""

from collections import Counter
from pathlib import Path

from chromapal.worms.simulate import file_names
from chromapal.worms.slugs import slug
from chromapal.worms.sources.nwb import Nwb


class Simulate(Nwb):
    """The files that the rule `simulate_worms` writes."""

    suffixes = ()
    words = "simulated worms: the scores say whether the machinery works, nothing about real worms"
    real = False

    def files(self, config):
        """Map a key to each file that will be written."""
        simulated = config["simulate"]
        folder = Path(f"results/{config['study']}/simulated")
        paths = file_names.worm_files(simulated["worms"], simulated["laboratories"])
        return {slug(name): str(folder / name) for name in paths}

    def count(self, config, files):
        """Count one worm per file: its laboratory is the folder that the file is written to."""
        return dict(sorted(Counter(Path(path).parent.name for path in files).items())), ()


SOURCE = Simulate()
