"""Tables of studies of images."""

from chromapal.evaluate.dictionary.entries import COUNT, FRACTION, RATIO, TEXT, Column, Table
from chromapal.evaluate.dictionary.shared import HISTORY_COLUMNS, TRAINED_ON_COLUMNS, columns_of


def _with_interval(column: Column) -> tuple[Column, ...]:
    """Add the ends of a column's interval."""
    words = f"end of the 95 % interval of {column.name} (bootstrap over sources)"
    return (
        column,
        Column(f"{column.name}_low", column.unit, f"Lower {words}; empty for fewer than two."),
        Column(f"{column.name}_high", column.unit, f"Upper {words}."),
    )


_MSE_AB_OVER_GRAY = _with_interval(
    Column(
        "mse_ab_over_gray", RATIO, "mse_ab over that of the same image without colours: below 1 is "
        "nearer to the truth than gray is."
    )
)  # fmt: skip
_CHROMA_RATIO = _with_interval(
    Column(
        "chroma_ratio", RATIO, "Predicted chroma (CIELAB) over the true one, of the sums over "
        "pixels: below 1 is less vivid."
    )
)  # fmt: skip
_SHARE_TRUE = Column("share_true", FRACTION, "Fraction of all test pixels whose true colour it is.")
_SHARE_PREDICTED = Column(
    "share_predicted", FRACTION, "Fraction of all test pixels whose predicted colour it is."
)
_COMPARED = columns_of(
    Column("comparison", TEXT, "Title of the study's comparison, or `network against baseline`."),
    "set run colorizer",
    Column("against_run", TEXT, "Run that it is held against."),
    Column("against_colorizer", TEXT, "Method that it is held against."),
)
_ENDS = (
    Column(
        "low", "of the measure", "Lower end of its 95 % interval (bootstrap over sources); "
        "empty for fewer than two."
    ),
    Column("high", "of the measure", "Upper end of that interval."),
)  # fmt: skip

TABLES = {
    "images": Table(
        "tables/images.csv",
        "Coloured test images against the true ones, as 8-bit files: a row per "
        "set, run and colorizer.",
        ("set", "run", "colorizer"),
        columns_of(
            "set run colorizer",
            Column("train_pictures", COUNT, "Training images."),
            Column("pictures", COUNT, "Test images."),
            Column("sources", COUNT, "Photographs or worms that they were cut from."),
            Column("mse_rgb", "sRGB²", "Mean squared error of sRGB between 0 and 1."),
            Column("mse_ab", "CIELAB²", "Mean squared error of a and b of CIELAB (D65)."),
            Column(
                "psnr", "dB", "Peak signal to noise ratio, 10 log10(1 / mse_rgb) of each image, "
                "100 at most; mean."
            ),
            Column(
                "ssim", "-1 to 1", "Structural similarity (Wang et al. 2004, Gaussian window of "
                "sigma 1.5 pixels); mean."
            ),
            Column("delta_e", "ΔE", "Mean colour difference ΔE2000 (CIELAB, D65)."),
            Column(
                "delta_e_low", "ΔE", "Lower end of its 95 % interval (bootstrap over sources); "
                "empty for fewer than two."
            ),
            Column("delta_e_high", "ΔE", "Upper end of that interval."),
            Column(
                "scielab", "ΔE", "S-CIELAB (Zhang and Wandell 1997): mean ΔE2000 after red-green, "
                "blue-yellow and light are blurred as by the eye, at 23 pixels a degree of visual "
                "angle (72 an inch, seen from 46 cm)."
            ),
            Column(
                "colourfulness_ratio", RATIO, "Mean colourfulness (Hasler and Süsstrunk 2003) of "
                "the predicted images over that of the true ones."
            ),
            Column("parameters", COUNT, "Number of trained parameters."),
            TRAINED_ON_COLUMNS,
        ),
    ),
    "image_comparisons": Table(
        "tables/image_comparisons.csv",
        "Networks against baselines, and runs against each other, on the same test images: a row "
        "per pair and measure.",
        ("comparison", "set", "run", "colorizer", "against_run", "against_colorizer", "measure"),
        columns_of(
            *_COMPARED,
            Column(
                "measure", TEXT, "Score of an image: `mse_ab`, `delta_e`, `scielab`, `psnr`, "
                "`ssim` as in `tables/images.csv`, or `colourfulness` (Hasler and Süsstrunk 2003)."
            ),
            Column("pictures", COUNT, "Test images."),
            Column(
                "difference", "of the measure", "Score of the first less that of the other, mean "
                "over test images."
            ),
            *_ENDS,
        ),
    ),
    "image_hues": Table(
        "tables/image_hues.csv",
        "Coloured test images against the true ones, hue by hue of the truth: a row per model and "
        "hue. In the row of a hue a pixel has its true chroma (CIELAB) for a weight, in `gray` and "
        "`all` every pixel counts alike.",
        ("set", "run", "colorizer", "hue"),
        columns_of(
            "set run colorizer",
            Column(
                "hue", TEXT, "Sector of the true pixels' hue angle (CIELAB): `red` from 0 degrees, "
                "`orange` 45, `yellow` 75, `green` 105, `cyan` 165, `blue` 225, `purple` 315 to "
                "360; `gray` for a chroma below 5; or `all`."
            ),
            Column("pictures", COUNT, "Test images with such a pixel."),
            _SHARE_TRUE,
            _SHARE_PREDICTED,
            *_with_interval(
                Column(
                    "hue_found", FRACTION, "Fraction of the weight of pixels whose predicted "
                    "colour is in the sector of the true one."
                )
            ),
            *_with_interval(
                Column(
                    "hue_right", FRACTION, "Fraction of the pixels whose predicted colour is in "
                    "the sector that are in it in truth."
                )
            ),
            *_with_interval(
                Column("mse_ab", "CIELAB²", "Weighted mean squared error of a and b (CIELAB, D65).")
            ),
            *_MSE_AB_OVER_GRAY,
            *_CHROMA_RATIO,
            *_with_interval(
                Column(
                    "hue_shift", "degrees", "Angle from the true to the predicted hue, towards "
                    "yellow from red and blue from green if positive: of the sum over pixels of "
                    "the predicted (a, b), turned back by the true hue and weighted by the true "
                    "chroma. Pixels with a chroma below 5 in either image have no hue."
                )
            ),
            *_with_interval(
                Column(
                    "b_shift", "CIELAB", "Weighted mean of predicted b less true b: below 0 is "
                    "bluer than the truth, above 0 yellower."
                )
            ),
        ),
    ),
    "image_details": Table(
        "tables/image_details.csv",
        "Coloured test images against the true ones, in thirds of every image's pixels by the "
        "gradient of L (CIELAB; Gaussian derivatives of sigma 1 pixel): a row per model and third.",
        ("set", "run", "colorizer", "detail"),
        columns_of(
            "set run colorizer",
            Column(
                "detail", TEXT, "`smooth`, `middle` or `fine`. Where equal gradients do not divide "
                "into thirds they count as the smoother one."
            ),
            Column("pictures", COUNT, "Test images with such a pixel."),
            Column("share", FRACTION, "Fraction of all test pixels."),
            *_with_interval(
                Column("mse_ab", "CIELAB²", "Mean squared error of a and b (CIELAB, D65).")
            ),
            *_MSE_AB_OVER_GRAY,
            *_CHROMA_RATIO,
            *_with_interval(
                Column(
                    "against_smooth", "CIELAB²", "mse_ab less that of the smooth thirds of the "
                    "same images."
                )
            ),
        ),
    ),
    "image_region_comparisons": Table(
        "tables/image_region_comparisons.csv",
        "Networks against baselines, and runs against each other, hue by hue and in smooth and "
        "detailed regions of the same test images: a row per pair, region and measure.",
        (
            *("comparison", "set", "run", "colorizer", "against_run", "against_colorizer"),
            *("region", "measure"),
        ),
        columns_of(
            *_COMPARED,
            Column(
                "region", TEXT, "A `hue` of `tables/image_hues.csv`, or a `detail` of "
                "`tables/image_details.csv`."
            ),
            Column(
                "measure", TEXT, "Column of those tables: `hue_found`, `mse_ab`, `chroma_ratio` or "
                "`b_shift`."
            ),
            Column("pictures", COUNT, "Test images with such a pixel."),
            Column(
                "difference", "of the measure", "Value of the first less that of the other, over "
                "all test images."
            ),
            *_ENDS,
        ),
    ),
    "image_colours": Table(
        "tables/image_colours.csv",
        "Histograms of the colours of test images, true and predicted: a row per model, quantity "
        "and bin.",
        ("set", "run", "colorizer", "quantity", "low"),
        columns_of(
            "set run colorizer",
            Column(
                "quantity", TEXT, "`hue` (angle of CIELAB [degrees], of pixels with a chroma of at "
                "least 5) or `chroma` (CIELAB, of all pixels)."
            ),
            Column("low", "of the quantity", "Lower end of the bin."),
            Column("high", "of the quantity", "Upper end of the bin."),
            _SHARE_TRUE,
            _SHARE_PREDICTED,
        ),
    ),
    "image_losses": Table(
        "tables/image_losses.csv",
        "Every training on images: a row per epoch.",
        ("set", "run", "colorizer", "epoch"),
        columns_of("set run colorizer", HISTORY_COLUMNS),
    ),
    "image_sets": Table(
        "tables/image_sets.csv",
        "What the image sets hold: a row per set and split.",
        ("set", "split"),
        columns_of(
            "set",
            Column("split", TEXT, "`train`, `validation` or `test`."),
            Column("pictures", COUNT, "Images of the split."),
            Column("sources", COUNT, "Photographs or worms that they were cut from."),
            Column("pixels", COUNT, "Pixels of all of them."),
            Column("height_least", "pixels", "Height of the lowest image."),
            Column("height_most", "pixels", "Height of the highest image."),
            Column("width_least", "pixels", "Width of the narrowest image."),
            Column("width_most", "pixels", "Width of the widest image."),
            Column("colourless", FRACTION, "Fraction of pixels with a CIELAB chroma below 5."),
            Column("chroma_mean", "CIELAB", "Mean chroma of all pixels (CIELAB, D65)."),
            Column(
                "near_duplicates", COUNT, "Images with a near-duplicate in a split before "
                "theirs, in the order train, validation, test."
            ),
            Column("exact_duplicates", COUNT, "Those of them that are equal, pixel by pixel."),
            Column("skipped", COUNT, "Files of the whole set that were skipped."),
        ),
    ),
    "coloured": Table(
        "images/index.csv",
        "Images that a trained model coloured (`snakemake colour`): a row each.",
        ("file",),
        columns_of(
            "file",
            Column("coloured", TEXT, "Name of its PNG, in the same folder as this table."),
            Column("width", "pixels", "Of both."),
            Column("height", "pixels", "Of both."),
            Column("bits", COUNT, "Of each channel of both, 8 or 16."),
        ),
    ),
    "skipped_images": Table(
        "skipped.csv",
        "Files that `snakemake colour` skipped: a row each.",
        ("file",),
        columns_of(
            "file",
            Column("found", TEXT, "What is wrong with it."),
            Column("expected", TEXT, "What was expected in its place."),
            Column("advice", TEXT, "How to go on, where that does not follow."),
        ),
    ),
}  # fmt: skip
