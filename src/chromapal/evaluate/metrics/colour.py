"""How close predicted colours are to the true ones, over neurons and over rendered images."""

import numpy as np
import pandas as pd

from chromapal import columns
from chromapal.prepare.colourfulness import colourfulness
from chromapal.prepare.normalise import display
from chromapal.worms.table import WORM

TRUTH, PREDICTED = list(columns.COLOUR), list(columns.PREDICTED)
CANVAS = 128  # pixels a side of the image that SSIM looks at
DISC = 3  # radius of a neuron on it [pixels]


def r2(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Fraction of each channel's variance that is explained.

    Parameters
    ----------
    truth, prediction : numpy.ndarray
        Shape (n, channels), one scale.

    Returns
    -------
    numpy.ndarray
        1 - sum (truth - prediction)² / sum (truth - mean truth)², shape (channels,); NaN where
        the truth is constant.
    """
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    error = ((truth - prediction) ** 2).sum(axis=0)
    return 1 - np.divide(error, spread, out=np.full_like(spread, np.nan), where=spread > 0)


def chroma_r2(truth: np.ndarray, prediction: np.ndarray, luminance: np.ndarray) -> float:
    """R² of what luminance does not explain, pooled over channels.

    The truth's linear fit on the true luminance, one line per channel over the neurons given, is
    subtracted from truth and from prediction; 0 is what that fit itself would reach, so that a
    colour that does not even follow luminance, such as the mean colour, falls below 0.

    Parameters
    ----------
    truth, prediction : numpy.ndarray
        Shape (n, 3), one scale.
    luminance : numpy.ndarray
        True luminance, shape (n,).

    Returns
    -------
    float
        1 - sum (truth' - prediction')² / sum truth'², NaN where luminance explains everything.
    """
    design = np.column_stack([np.ones_like(luminance), luminance])
    fit = design @ np.linalg.lstsq(design, truth, rcond=None)[0]
    truth_left, prediction_left = truth - fit, prediction - fit
    spread = (truth_left**2).sum()
    if spread <= 1e-12 * max((truth**2).sum(), 1e-300):
        return float("nan")
    return float(1 - ((truth_left - prediction_left) ** 2).sum() / spread)


def render(uvw: np.ndarray, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw a worm's neurons as discs, seen along z.

    Parameters
    ----------
    uvw : numpy.ndarray
        Positions 0..1, shape (n, 3); u runs along the columns, v down the rows, and higher w is
        drawn over lower.
    rgb : numpy.ndarray
        Colours 0..1, shape (n, 3).

    Returns
    -------
    image : numpy.ndarray
        Shape (CANVAS, CANVAS, 3), 0..1, black where there is no neuron.
    drawn : numpy.ndarray of bool
        Pixels of discs, shape (CANVAS, CANVAS).
    """
    across = np.arange(-DISC, DISC + 1)
    rows, columns = (offsets.ravel() for offsets in np.meshgrid(across, across, indexing="ij"))
    inside = rows**2 + columns**2 <= DISC**2
    order = np.argsort(uvw[:, 2], kind="stable")
    # centres keep a disc's width from the border, so that none is cut
    centre = DISC + np.rint(uvw[order, :2] * (CANVAS - 1 - 2 * DISC)).astype(np.int64)
    row = (centre[:, 1, None] + rows[inside]).ravel()
    column = (centre[:, 0, None] + columns[inside]).ravel()
    image = np.zeros((CANVAS, CANVAS, 3))
    image[row, column] = np.repeat(rgb[order], inside.sum(), axis=0)
    drawn = np.zeros((CANVAS, CANVAS), dtype=bool)
    drawn[row, column] = True
    return image, drawn


def ssim(uvw: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> float:
    """Structural similarity of a worm's image in true and in predicted colours.

    Gaussian window of sigma 1.5 pixels, data range 1 (Wang et al. 2004). The canvas has the same
    size whatever a model's grid, so that models compare. The mean goes over the pixels of discs
    only: empty background is equal in both and would lift every score towards 1.

    Parameters
    ----------
    uvw : numpy.ndarray
        Positions 0..1, shape (n, 3).
    truth, prediction : numpy.ndarray
        Colours 0..1, shape (n, 3).
    """
    # imported here: it takes a second, and most callers do not need it
    from skimage.metrics import structural_similarity

    image, drawn = render(uvw, truth)
    _, similarity = structural_similarity(
        image,
        render(uvw, prediction)[0],
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
        channel_axis=-1,
        full=True,
    )
    return float(similarity[drawn].mean())


def per_worm(colours: pd.DataFrame) -> pd.DataFrame:
    """Score each worm on the scale of the study.

    Parameters
    ----------
    colours : pandas.DataFrame
        Test neurons: lab, worm, r, g, b, luminance, pred_r, pred_g, pred_b.

    Returns
    -------
    pandas.DataFrame
        lab, worm, neurons, mse, chroma_r2; sorted by lab and worm.
    """
    scores = []
    for (lab, worm), rows in colours.groupby(WORM, sort=True):
        truth, prediction = rows[TRUTH].to_numpy(), rows[PREDICTED].to_numpy(np.float64)
        error = ((truth - prediction) ** 2).mean()
        chroma = chroma_r2(truth, prediction, rows["luminance"].to_numpy())
        scores.append((lab, worm, len(rows), error, chroma))
    return pd.DataFrame(scores, columns=[*WORM, "neurons", "mse", "chroma_r2"])


def per_worm_ssim(colours: pd.DataFrame, colour_scale: str) -> pd.DataFrame:
    """Return the structural similarity of each worm's image: lab, worm, ssim."""
    scores = [
        (
            *worm,
            ssim(
                rows[["u", "v", "w"]].to_numpy(),
                display(rows[TRUTH].to_numpy(), colour_scale),
                display(rows[PREDICTED].to_numpy(np.float64), colour_scale),
            ),
        )
        for worm, rows in colours.groupby(WORM, sort=True)
    ]
    return pd.DataFrame(scores, columns=[*WORM, "ssim"])


def score(colours: pd.DataFrame, worms: pd.DataFrame, colour_scale: str) -> dict[str, float]:
    """Score a group of worms, all their neurons pooled.

    Parameters
    ----------
    colours : pandas.DataFrame
        Test neurons of the group: lab, worm, u, v, w, r, g, b, luminance, pred_r, pred_g, pred_b.
    worms : pandas.DataFrame
        What `per_worm_ssim` gave for them; SSIM is the mean over worms.
    colour_scale : str
        Scale of the colours. MSE, R² and chroma R² are on this scale; colourfulness and ΔE2000
        (mean over neurons, CIELAB of sRGB, D65) on colours brought to 0..1.

    Returns
    -------
    dict
        worms, neurons and metrics, as `colour.csv` has them (see `chromapal.evaluate.dictionary`).
    """
    from skimage.color import deltaE_ciede2000, rgb2lab  # see `ssim`

    truth, prediction = colours[TRUTH].to_numpy(), colours[PREDICTED].to_numpy(np.float64)
    displayed = [display(values, colour_scale) for values in (truth, prediction)]
    channels = r2(truth, prediction)
    true_colourfulness, predicted_colourfulness = (colourfulness(values) for values in displayed)
    return {
        "worms": len(worms),
        "neurons": len(colours),
        "mse": ((truth - prediction) ** 2).mean(),
        **dict(zip(["r2_r", "r2_g", "r2_b"], channels, strict=True)),
        "r2": channels.mean(),
        "chroma_r2": chroma_r2(truth, prediction, colours["luminance"].to_numpy()),
        "ssim": worms["ssim"].mean(),
        "colourfulness": predicted_colourfulness,
        "colourfulness_true": true_colourfulness,
        "colourfulness_ratio": predicted_colourfulness / true_colourfulness
        if true_colourfulness > 0
        else np.nan,
        "delta_e": deltaE_ciede2000(*(rgb2lab(values) for values in displayed)).mean(),
    }
