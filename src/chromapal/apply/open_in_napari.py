"""Open a new worm's layers in napari: `python open.py`, with a Python that has napari 0.6 or later.

Each worm's layers come with a copy of this file, which needs nothing else of chromapal.
"""

import json
from pathlib import Path

import napari
import pandas as pd
import tifffile

APOSTROPHE = r"^'(?='*(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]))"
WINDOW = 500  # initial length of the neurons' longest side in pixels


def show(folder: Path) -> napari.Viewer:
    """Open a window with predicted colours, and neurons with their names.

    Parameters
    ----------
    folder : Path
        Holds `layers.json`, `points.csv` and `predicted_colour.ome.tif`.

    Returns
    -------
    napari.Viewer
        In three dimensions, on axes z, y, x [um].
    """
    facts = json.loads((folder / "layers.json").read_text(encoding="utf-8"))
    axes = {key: facts[key] for key in ("scale", "axis_labels", "units")}
    volume = tifffile.imread(folder / "predicted_colour.ome.tif")
    neurons = pd.read_csv(folder / "points.csv", keep_default_na=False)
    # an apostrophe keeps spreadsheets from running a name
    neurons["name"] = neurons["name"].astype("str").str.replace(APOSTROPHE, "", regex=True)
    viewer = napari.Viewer(title=facts["title"], ndisplay=3)
    # one layer a colour, as microscopes record them: napari draws no volume of RGB
    for channel, colour in enumerate(("red", "green", "blue")):
        viewer.add_image(
            volume[..., channel],
            name=f"{colour}_predicted",
            colormap=colour,
            blending="additive",
            contrast_limits=(0, 255),
            **axes,
        )
    positions = neurons[["axis-0", "axis-1", "axis-2"]].to_numpy()
    viewer.add_points(
        positions,
        name="names_predicted",
        features=neurons[["name", "probability"]],
        text={"string": "{name}", "size": 8, "color": "white", "anchor": "upper_left"},
        size=2,
        face_color="probability",
        face_colormap="viridis",
        border_width=0,
        **axes,
    )
    # the neurons fill the window, whatever the size of the volume
    low, high = positions.min(axis=0) * facts["scale"], positions.max(axis=0) * facts["scale"]
    viewer.camera.center = tuple((low + high) / 2)
    viewer.camera.zoom = WINDOW / max(*(high - low), 1.0)
    return viewer


if __name__ == "__main__":
    show(Path(__file__).parent)
    napari.run()
