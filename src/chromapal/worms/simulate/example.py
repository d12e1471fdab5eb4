"""Write one simulated worm as an NWB file, of right-handed axes, to try `make example` on."""

import argparse
from collections.abc import Sequence

from chromapal.worms.simulate.worms import SimulationParams, write_worm

SEED = 2029


def main(arguments: Sequence[str] | None = None):
    """Write the worm into a folder, and print where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where to write the file")
    folder = parser.parse_args(arguments).folder
    print(write_worm(folder, SimulationParams(worms=1, laboratories=1), SEED, 0))


if __name__ == "__main__":
    main()
