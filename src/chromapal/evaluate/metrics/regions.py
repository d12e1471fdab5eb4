"""Where in an image colours are wrong: by hue, and in smooth regions against fine detail."""

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_gradient_magnitude

COLOURLESS = 5.0  # CIELAB chroma below which a pixel has no meaningful hue
# Sectors of the hue angle of CIELAB [degrees]. Every primary and secondary colour of sRGB lies in
# the sector of its name (40, 103, 136, 196, 306, 328), and so do the unique hues (about 24, 90, 162
# and 246; Fairchild, Color Appearance Models).
SECTORS = {
    "red": (0, 45),
    "orange": (45, 75),
    "yellow": (75, 105),
    "green": (105, 165),
    "cyan": (165, 225),
    "blue": (225, 315),
    "purple": (315, 360),
}
GRAY, ALL = "gray", "all"
HUES = (*SECTORS, GRAY, ALL)
DETAILS = ("smooth", "middle", "fine")
FINE = 1.0  # sigma of the Gaussian whose derivatives give the gradient [pixels]
# Upper end and bins of histograms; no colour of sRGB has a chroma above 134.
BINS = {"hue": (360.0, 36), "chroma": (140.0, 28)}
SUMS = (
    *(
        "pixels",
        "predicted",
        "hits",
        "weight",
        "found",
        "squared",
        "squared_gray",
        "chroma",
        "chroma_true",
    ),
    *("blue", "both", "along", "across"),
)


def measure(lab_true: np.ndarray, lab: np.ndarray) -> pd.DataFrame:
    """Sum up an image's errors region by region.

    Parameters
    ----------
    lab_true, lab : numpy.ndarray of float64, shape (H, W, 3)
        CIELAB of the true and of the predicted image.

    Returns
    -------
    pandas.DataFrame
        A row per region: kind and region, and sums over its pixels, which add up over images.

        - `hue`: the sector of the true hue (`SECTORS`), `gray` for a true chroma below
          `COLOURLESS`, and `all`. A pixel of a sector has its true chroma for a weight, any pixel
          of `gray` and `all` 1;
        - `detail`: thirds of the image by the gradient of the true L, `DETAILS`; weight 1;
        - `hue_bin`, `chroma_bin`: number of a bin of `BINS`, only pixels and predicted; hue counts
          pixels of at least `COLOURLESS`.

        pixels, predicted (pixels that the prediction puts into the region), hits (pixels that are
        both); then sums of weights:
        weight, found (of pixels that the prediction leaves in their sector), squared (times half
        the squared error of a and b), squared_gray (the same of a gray image), chroma,
        chroma_true, blue (times predicted b less true b); then both (pixels that have a hue in
        both images), along and across (the predicted a and b along the true ones and at right
        angles to them, towards larger angles, times true chroma, of those pixels).
    """
    a, b, ab_error = *_ab(lab_true), ((lab - lab_true)[..., 1:] ** 2).sum(axis=2).ravel() / 2
    a_found, b_found = _ab(lab)
    chroma, chroma_found = np.hypot(a, b), np.hypot(a_found, b_found)
    sector, sector_found = _sectors(a, b, chroma), _sectors(a_found, b_found, chroma_found)
    both = (chroma >= COLOURLESS) & (chroma_found >= COLOURLESS)
    values = pd.DataFrame(
        {
            "found": sector == sector_found,
            "squared": ab_error,
            "squared_gray": chroma**2 / 2,
            "chroma": chroma_found,
            "chroma_true": chroma,
            "blue": b_found - b,
        },
        dtype=np.float64,
    )
    rotation = pd.DataFrame(
        {
            "both": both,
            "along": np.where(both, a * a_found + b * b_found, 0),
            "across": np.where(both, a * b_found - b * a_found, 0),
        },
        dtype=np.float64,
    )
    detail = _thirds(lab_true[..., 0])
    regions = [
        *(("hue", name, sector == name, sector_found == name, chroma) for name in SECTORS),
        ("hue", GRAY, sector == GRAY, sector_found == GRAY, None),
        ("hue", ALL, np.ones(len(a), bool), np.ones(len(a), bool), None),
        *(("detail", name, detail == name, detail == name, None) for name in DETAILS),
    ]
    rows = []
    for kind, name, within, predicted, weights in regions:
        weight = np.ones(within.sum()) if weights is None else weights[within]
        rows.append(
            {
                "kind": kind, "region": name, "pixels": within.sum(), "predicted": predicted.sum(),
                "hits": (within & predicted).sum(),
                "weight": weight.sum(), **values[within].mul(weight, axis=0).sum(),
                **rotation[within].sum(),
            }
        )  # fmt: skip
    hues = [angles(a, b)[chroma >= COLOURLESS],
            angles(a_found, b_found)[chroma_found >= COLOURLESS]]  # fmt: skip
    for name, pair in (("hue", hues), ("chroma", (chroma, chroma_found))):
        counts = [_histogram(each, *BINS[name]) for each in pair]
        for number, (true, predicted) in enumerate(zip(*counts, strict=True)):
            rows.append({"kind": f"{name}_bin", "region": str(number), "pixels": true,
                         "predicted": predicted})  # fmt: skip
    return pd.DataFrame(rows).fillna(0.0).astype(dict.fromkeys(SUMS, np.float64))


def angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the hue angle of CIELAB, h_ab = atan2(b, a) [degrees], 0 to 360."""
    return np.degrees(np.arctan2(b, a)) % 360


def _ab(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return lab[..., 1].ravel(), lab[..., 2].ravel()


def _sectors(a: np.ndarray, b: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Name the sector of every pixel."""
    starts = [low for low, _ in SECTORS.values()]
    names = np.array(list(SECTORS), dtype=object)
    named = names[np.searchsorted(starts, angles(a, b), side="right") - 1]
    return np.where(chroma < COLOURLESS, GRAY, named)


def _thirds(lightness: np.ndarray) -> np.ndarray:
    """Name every pixel's third by the gradient of L; equal gradients share the smoother one."""
    gradient = gaussian_gradient_magnitude(lightness, FINE, mode="nearest").ravel()
    # rounded, as even regions have gradients of rounding errors
    gradient = gradient.round(9)
    low, high = np.quantile(gradient, [1 / 3, 2 / 3])
    third = (gradient > low).astype(int) + (gradient > high)
    return np.array(DETAILS, dtype=object)[third]


def _histogram(values: np.ndarray, top: float, bins: int) -> np.ndarray:
    return np.histogram(np.clip(values, 0, np.nextafter(top, 0)), bins, (0, top))[0]
