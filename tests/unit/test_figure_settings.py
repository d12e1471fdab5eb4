"""A user's own settings of matplotlib change no figure and stop none."""

import os
import subprocess
import sys

import matplotlib as mpl

from chromapal.evaluate.figures import style

# what a laboratory's matplotlibrc may hold: LaTeX that is not installed, other sizes and colours
HOSTILE = """
text.usetex: True
backend: QtAgg
font.family: serif
font.size: 20
axes.grid: True
axes.prop_cycle: cycler('color', ['red'])
figure.dpi: 40
figure.subplot.left: 0.4
image.cmap: jet
lines.linewidth: 7
mathtext.fontset: cm
savefig.bbox: tight
savefig.facecolor: yellow
savefig.format: pdf
savefig.transparent: True
xtick.direction: in
xtick.labelsize: 30
"""
DRAW = """
import sys
from chromapal.evaluate.figures import style

@style.styled
def figure():
    figure = style.new(4, 2, "a title")
    axes = figure.subplots()
    axes.plot([0, 1, 3], label="of $\\\\alpha$")
    axes.imshow([[0, 1], [2, 3]])
    axes.legend()
    return figure

style.save(figure(), sys.argv[1])
"""


def drawn(folder, name, **environment):
    ours = ("MPL", "MATPLOTLIB")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = [str(part) for part in sys.path if part]
    result = subprocess.run(
        [sys.executable, "-c", DRAW, folder / name], cwd=folder, capture_output=True, text=True,
        env=plain | {"PYTHONPATH": os.pathsep.join(path)} | environment, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return (folder / name).read_bytes()


def test_a_users_file_and_backend_change_no_byte(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/matplotlibrc").write_text(HOSTILE)
    plain = drawn(tmp_path, "plain.png")
    own = {"MPLCONFIGDIR": str(tmp_path / "own"), "MPLBACKEND": "not_installed"}
    assert drawn(tmp_path, "hostile.png", **own) == plain
    (tmp_path / "latin").write_bytes(b"font.family: caf\xe9\n")
    assert drawn(tmp_path, "latin.png", MATPLOTLIBRC=str(tmp_path / "latin")) == plain
    # the working directory comes before all others
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    assert drawn(tmp_path, "beside.png") == plain


def test_a_users_settings_are_left_as_they_were(tmp_path):
    with mpl.rc_context({"font.size": 33, "axes.grid": True}):
        style.save(style.message("said"), tmp_path / "a.png")
        assert mpl.rcParams["font.size"] == 33 and mpl.rcParams["axes.grid"]


def test_settings_of_a_session_change_no_byte(tmp_path):
    style.save(style.message("said"), tmp_path / "plain.png")
    with mpl.rc_context({"font.size": 33, "savefig.facecolor": "yellow", "text.usetex": True}):
        style.save(style.message("said"), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
