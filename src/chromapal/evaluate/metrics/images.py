"""How near one image's predicted colours are to its true ones."""

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from chromapal.evaluate.metrics.scielab import scielab
from chromapal.prepare.colourfulness import colourfulness

SIGMA = 1.5  # of the Gaussian window that SSIM looks through [pixels]
WINDOW = 11  # pixels a side of that window, cut at 3.5 sigma
# Equal images have no noise: their ratio is infinite, and so would be every mean with one.
PSNR_MOST = 100.0


def score(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Score one image.

    Parameters
    ----------
    truth, predicted : numpy.ndarray of float32, shape (H, W, 3)
        sRGB, 0..1, the same shape; any size from one pixel on.

    Returns
    -------
    dict of str to float
        Finite for finite images, NaN where what it looks at has a NaN:

        - mse_rgb: mean squared error over pixels and channels [sRGB², 0..1];
        - mse_ab: the same over a and b of CIELAB (D65, 2 degrees), in CIELAB's own units, squared,
          not scaled to 0..1: 100 is an error of 10 in either;
        - psnr: 10 log10(1 / mse_rgb) [dB], at most 100, which equal images get;
        - ssim: see `ssim`;
        - delta_e: mean over pixels of CIEDE2000 (CIELAB, D65);
        - scielab: the same of images blurred as far as the eye blurs them; see
          `chromapal.evaluate.metrics.scielab`;
        - colourfulness, colourfulness_true: Hasler and Süsstrunk's, of the prediction and of the
          truth; 0 for a gray image.

    Raises
    ------
    ValueError
        The shapes differ, are no images, or hold no pixel.
    """
    if truth.shape != predicted.shape or truth.ndim != 3 or truth.shape[2] != 3 or not truth.size:
        raise ValueError(
            f"images of shapes {truth.shape} and {predicted.shape}; expected one shape (H, W, 3)"
        )
    # in single precision the windows' small variances drown in rounding
    truth, predicted = truth.astype(np.float64), predicted.astype(np.float64)
    lab_true, lab = rgb2lab(truth), rgb2lab(predicted)
    return {
        "mse_rgb": float(((truth - predicted) ** 2).mean()),
        "mse_ab": float(((lab_true - lab)[..., 1:] ** 2).mean()),
        "psnr": psnr(truth, predicted),
        "ssim": ssim(truth, predicted),
        "delta_e": float(deltaE_ciede2000(lab_true, lab).mean()),
        "scielab": scielab(truth, predicted),
        "colourfulness": colourfulness(predicted.reshape(-1, 3)),
        "colourfulness_true": colourfulness(truth.reshape(-1, 3)),
    }


def psnr(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Peak signal to noise ratio of two images 0..1 [dB], at most `PSNR_MOST`."""
    with np.errstate(divide="ignore"):
        ratio = peak_signal_noise_ratio(truth, predicted, data_range=1.0)
    return float(np.minimum(ratio, PSNR_MOST))


def ssim(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Structural similarity of two images, mean over red, green and blue.

    Gaussian window of sigma 1.5 pixels, 11 a side, data range 1 (Wang et al. 2004). Only pixels
    count whose window lies within the image. An image narrower or lower than the window has
    none: there the image is mirrored at its border and every pixel counts. A single pixel is
    compared in brightness only.

    Parameters
    ----------
    truth, predicted : numpy.ndarray of float64, shape (H, W, 3)
        0..1.
    """
    small = min(truth.shape[:2]) < WINDOW
    return float(
        structural_similarity(
            truth,
            predicted,
            # with Gaussian weights this says how wide a border does not count, nothing else
            win_size=1 if small else WINDOW,
            gaussian_weights=True,
            sigma=SIGMA,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=-1,
        )
    )
