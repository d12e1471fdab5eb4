from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.worms.session import date_in, is_day

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
WORDS = st.text(alphabet="abT_./+ ", max_size=8)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20190924_01", "2019-09-24"),
        ("2022-06-14-07", "2022-06-14"),
        ("2021-12-03-w00-NP1", "2021-12-03"),
        ("20221028-18-48-00", "2022-10-28"),
        ("sub-20221028-18-48-00_ses-20221028T184800_ophys.nwb", "2022-10-28"),
        ("w1", ""),
        ("", ""),
        ("11_YAaLR", ""),
        ("000714/0.241009.1516/sub-1_ophys.nwb", ""),
        # no such day; the years that count
        ("20190230", ""), ("2019-13-01", ""), ("20200229", "2020-02-29"), ("20190229", ""),
        ("19891231", ""), ("19900101", "1990-01-01"), ("21001231", "2100-12-31"), ("21010101", ""),
        # part of a longer number, or written otherwise
        ("120190924", ""), ("201909241", ""), ("12019-09-24", ""), ("2019-09-241", ""),
        ("2019_09_24", ""), ("2019-0924", ""), ("201909-24", ""), ("24-09-2019", ""),
        # one that is no date does not hide one that is
        ("20190230_20190924", "2019-09-24"),
        # two days, and one of them twice
        ("20190924_20190925", ""), ("20190924/2019-09-24", "2019-09-24"),
        # after ses- comes first
        ("20190924/ses-20190925/20190926", "2019-09-25"),
        ("ses-20190924/ses-20190925", ""),
        ("ses-1/20190924", "2019-09-24"),
        ("uses-20190925/20190924", ""),
    ],
)  # fmt: skip
def test_dates_are_found_in_names(text, day):
    assert date_in(text) == day


@given(WORDS, DAYS, st.sampled_from(["%Y%m%d", "%Y-%m-%d"]), WORDS)
def test_any_date_is_found_between_any_words(before, day, form, after):
    assert date_in(f"{before}{day.strftime(form)}{after}") == day.isoformat()


@given(DAYS, DAYS, WORDS)
def test_two_days_are_one_or_none_unless_one_follows_ses(one, other, between):
    text = f"{one:%Y%m%d}_{between}{other:%Y-%m-%d}"
    assert date_in(text) == (one.isoformat() if one == other else "")
    assert date_in(f"ses-{text}") == one.isoformat()


@given(st.text(alphabet="0129-ses_T", max_size=24))
def test_what_is_found_is_a_day_of_the_text(text):
    found = date_in(text)
    assert found == "" or is_day(found)
    assert found == "" or found in text or found.replace("-", "") in text


@pytest.mark.parametrize("text", ["2022-06-14", "1970-01-01", "2020-02-29"])
def test_days(text):
    assert is_day(text)


@pytest.mark.parametrize(
    "text", ["", "20220614", "2022-6-14", "2022-02-30", "2022-W24-2", "2022-06-14\n", "0000-01-01"]
)
def test_no_days(text):
    assert not is_day(text)
