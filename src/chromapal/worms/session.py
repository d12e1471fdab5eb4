"""The day of a recording, as text `YYYY-MM-DD`."""

import re
from datetime import date

FIRST_YEAR, LAST_YEAR = 1990, 2100
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WRITTEN = re.compile(
    r"((?<![A-Za-z0-9])ses-)?(?<!\d)([0-9]{4})(?:-([0-9]{2})-|([0-9]{2}))([0-9]{2})(?!\d)"
)


def is_day(text: str) -> bool:
    """Return whether a text is a calendar date `YYYY-MM-DD`."""
    # fromisoformat alone also takes 20220614 and 2022-W24-2
    return bool(_DAY.fullmatch(text)) and _is_date(text)


def date_in(text: str) -> str:
    """Find the day of recording in the name of a worm or of a file.

    Parameters
    ----------
    text : str
        Such as `sub-2022-06-14-01-SWF702_ses-20220614_ophys.nwb`, `20190924_01`, `11_YAaLR`.

    Returns
    -------
    str
        The one date of the years 1990 to 2100 that is written YYYYMMDD or YYYY-MM-DD, as
        YYYY-MM-DD. Dates after `ses-` come before all others. "" where there is none, or where
        several disagree.
    """
    days: dict[bool, set[str]] = {True: set(), False: set()}
    for session, year, dashed, plain, day in _WRITTEN.findall(text):
        found = f"{year}-{dashed or plain}-{day}"
        if FIRST_YEAR <= int(year) <= LAST_YEAR and _is_date(found):
            days[bool(session)].add(found)
    best = days[True] or days[False]
    return best.pop() if len(best) == 1 else ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
