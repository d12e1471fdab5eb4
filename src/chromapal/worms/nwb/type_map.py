"""Prevent pynwb from copying its type map for every field of every object it creates."""

import importlib.metadata
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from pynwb import get_type_map
from pynwb.core import NWBMixin

LOGGER = logging.getLogger(__name__)
# The versions whose `NWBMixin._get_type_map` is known; other versions may differ.
WRITTEN_FOR = {"pynwb": "2.8", "hdmf": "3.14"}


@contextmanager
def one_type_map() -> Iterator[None]:
    """Let all NWB objects created in the block share one type map.

    pynwb 2.8 asks for a fresh deep copy each time a field is set, only to see whether a term set
    configuration was loaded; over small files that is most of the time of reading and writing.
    With any other version of pynwb or hdmf nothing is changed, and files are read more slowly.
    """
    if not _is_known():
        yield
        return
    shared, own = get_type_map(), NWBMixin._get_type_map
    NWBMixin._get_type_map = lambda _: shared
    try:
        yield
    finally:
        NWBMixin._get_type_map = own


@cache
def _is_known() -> bool:
    """Compare the installed versions with `WRITTEN_FOR`; log once if they differ."""
    installed = {name: importlib.metadata.version(name) for name in WRITTEN_FOR}
    known = all(installed[name].startswith(f"{version}.") for name, version in WRITTEN_FOR.items())
    if not known:
        LOGGER.info(
            "pynwb %s and hdmf %s: NWB files take longer; they are read faster with %s and %s",
            *installed.values(),
            *WRITTEN_FOR.values(),
        )
    return known
