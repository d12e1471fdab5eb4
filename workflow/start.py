"""Start Snakemake for `make`: what it cannot read of its arguments ends in one line.

Snakemake reads config files and `--config` itself, before any file of this workflow, and shows a
traceback where it cannot. All that it can read is left to it.
"""

import json
import sys
from pathlib import Path

from snakemake import cli
from snakemake.common.configfile import load_configfile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from chromapal.errors import InputError

EXPECTED = "a config file in UTF-8, such as those in config/"


def check(words: list[str]):
    """Read config files and `--config` as Snakemake will.

    Raises
    ------
    InputError
        One of them cannot be read.
    """
    _, arguments = cli.parse_args(words)
    for path in arguments.configfile or ():
        try:
            # written again, since a part that contains itself has no end
            json.dumps(load_configfile(path), default=str, skipkeys=True)
        except OSError as error:
            raise InputError(path, f"no file to read ({error.strerror})", EXPECTED) from None
        except Exception as error:
            raise InputError(path, f"no YAML ({error})", EXPECTED) from None
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
