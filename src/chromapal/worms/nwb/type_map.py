"""Keep pynwb from copying its type map for every field of every object it makes."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynwb import get_type_map
from pynwb.core import NWBMixin


@contextmanager
def one_type_map() -> Iterator[None]:
    """Let all NWB objects made in the block share one type map.

    pynwb 2.8 asks for a fresh deep copy each time a field is set, only to see whether a term set
    configuration was loaded; over small files that is most of the time of reading and writing.
    """
    shared, own = get_type_map(), NWBMixin._get_type_map
    NWBMixin._get_type_map = lambda _: shared
    try:
        yield
    finally:
        NWBMixin._get_type_map = own
