"""A mistake is one line that can be read at a glance, whatever the input holds."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.errors import LONGEST, InputError, one_line
from chromapal.worms.discover import discover


@given(st.tuples(*[st.text(max_size=600)] * 4))
def test_a_line_is_short_and_can_be_shown(parts):
    line = str(InputError(*parts))
    assert len(line) <= LONGEST and (line.isprintable() and "\n" not in line)
    line.encode()


def test_a_short_line_stays_as_it_is():
    assert str(InputError("a.csv", "no  row", "rows", "add some")) == (
        "a.csv: found no row; expected rows; add some"
    )
    assert str(InputError("a.csv", "no\nrow", "rows")) == "a.csv: found no row; expected rows"


def test_only_what_is_long_loses_its_middle():
    line = str(InputError("a.csv", "x" * 500 + "end", "one of 3 colours", "see docs/worms.md"))
    assert line.startswith("a.csv: found xxxx") and " … " in line
    assert line.endswith("xend; expected one of 3 colours; see docs/worms.md")
    assert len(line) == LONGEST
    both = str(InputError("w" * 400 + ".csv", "x" * 400, "colours"))
    assert abs(both.count("w") - both.count("x")) < 10
    assert ".csv: found x" in both and len(both) in (LONGEST, LONGEST - 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("caf\udce9.csv", "caf\\udce9.csv"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("vsc.\u202emrow", "vsc.\\u202emrow"),
        (" Schäfer\t5 µm ", "Schäfer 5 µm"),
    ],
)
def test_what_cannot_be_shown_is_written_as_in_python(text, line):
    assert one_line(text) == line
    assert line in str(InputError(text, "nothing", "a table"))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (b"a <i>/w.csv", "a word in angle brackets"),
        (b"{worm}.csv", "braces"),
        (b"caf\xe9.csv", "bytes that are no UTF-8 text"),
        (b"two\nlines.csv", "a control character"),
        (b"bell\x07.csv", "a control character"),
        ("two\u2028lines.csv".encode(), "a control character"),
        ("a < b > c & 'd' \"e\" é 線 \u00a0*.csv".encode(), ""),
        (b"<I>.csv", ""),
    ],
)
def test_a_file_name_that_no_job_could_be_given_is_told_in_one_line(tmp_path, name, fault):
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (tmp_path / "good.csv").touch()
    if not fault:
        assert discover(tmp_path, (".csv",), "tables") == sorted([path, tmp_path / "good.csv"])
        return
    with pytest.raises(InputError, match=f"found {fault} in its path; .*rename it") as caught:
        discover(tmp_path, (".csv",), "tables")
    str(caught.value).encode()
