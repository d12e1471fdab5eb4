"""What a config file may hold, whatever its keys; a schema says the rest.

Checked before Snakemake and its schemas see it, both of which trust what YAML can express.
"""

import math
import unicodedata
from pathlib import Path

import yaml

from chromapal.errors import InputError

MOST_BYTES = 2**20  # of a file
MOST_VALUES = 50_000  # of all values, those that YAML repeats (`*alias`) counted each time
DEEPEST = 20  # lists and objects within each other
LARGEST = 2**63


def read(path: str) -> object:
    """Read a config file, as Snakemake will.

    Raises
    ------
    InputError
        It cannot be read, is not YAML in UTF-8, or holds what no study needs; see `check`.
    """
    expected = "YAML or JSON text in UTF-8"
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise InputError(path, "a file of over 1 MB", "the keys of a study")
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, f"no readable file ({error.strerror})", expected) from None
    except UnicodeDecodeError:
        raise InputError(path, "other text than UTF-8", expected, "save it as UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a number of thousands of digits, a date that does not exist
        reason = " ".join(str(error).split())[:120]
        raise InputError(path, f"no readable text ({reason})", expected) from None
    if not isinstance(content, dict):
        raise InputError(path, "no keys", "keys of a study, such as `study: mine`")
    check(content)
    return content


def check(config: dict):
    """Refuse values that no key of a study has; JSON schemas let them pass.

    Parameters
    ----------
    config : dict
        A config, as YAML or a command line gives it.

    Raises
    ------
    InputError
        A number is NaN, infinite or beyond 64 bits, a text holds a line break or another control
        character, a key is no text or number, or values contain each other or are too many.
    """
    waiting: list[tuple[str, object, int]] = [("", config, 0)]
    seen = 0
    while waiting:
        key, value, depth = waiting.pop()
        seen += 1
        where = f"config key '{key[:100]}'"
        if depth > DEEPEST or seen > MOST_VALUES:
            found = "values within values without end" if depth > DEEPEST else "too many values"
            raise InputError(where, found, f"at most {DEEPEST} levels and {MOST_VALUES} values")
        if isinstance(value, dict):
            for name in value:
                if not isinstance(name, str | int | float):
                    raise InputError(where, f"a key {str(name)[:60]!r}", "text")
                _check_text(where, str(name) if isinstance(name, str) else "")
            inner = ((f"{key}.{name}" if key else str(name), each) for name, each in value.items())
            waiting += [(name, each, depth + 1) for name, each in inner]
        elif isinstance(value, list | tuple | set):
            waiting += [(f"{key}.{n}", each, depth + 1) for n, each in enumerate(value)]
        elif isinstance(value, str):
            _check_text(where, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise InputError(where, f"{value}", "a number")
        elif isinstance(value, int) and abs(value) > LARGEST:
            raise InputError(where, "a number of more than 64 bits", "a smaller one")


def _check_text(where: str, text: str):
    # categories of control characters, halves of a character, and line and paragraph separators
    bad = [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]
    if bad:
        raise InputError(where, f"{bad[0]!a} in {text[:60]!a}", "text on one line")
