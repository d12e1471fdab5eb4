"""Start Snakemake for `make`: what it cannot read of its arguments ends in one line.

Snakemake reads config files and `--config` itself, before any file of this workflow, and shows a
traceback where it cannot. All that it can read is left to it.
"""

import sys
from pathlib import Path

from snakemake import cli

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from chromapal import config_files
from chromapal.errors import InputError


def check(words: list[str]):
    """Read config files and `--config` as Snakemake will.

    Raises
    ------
    InputError
        One of them cannot be read.
    """
    _, arguments = cli.parse_args(words)
    for path in arguments.configfile or ():
        config_files.read(path)
    try:
        cli.parse_config(arguments.config)
    except Exception as error:
        raise InputError("--config", str(error), "KEY=VALUE, quoted where it has spaces") from None


def main(words: list[str]):
    """Start Snakemake with these arguments."""
    try:
        check(words)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    cli.main(words)


if __name__ == "__main__":
    main(sys.argv[1:])
