"""The original study's published figures, in the rows and columns of its three tables."""

from dataclasses import dataclass

COLORIZER = "resnet18_fusion"
FEATURES_BASELINE = "Baseline Comparison"
COLOUR_RESULTS = "Results"
DOWNSTREAM = "Downstream Classification"
MEASURES = {"MSE": "mse", "SSIM": "ssim", "Colorfulness": "colourfulness"}


@dataclass(frozen=True)
class Cell:
    """One published figure, and which of our runs stands beside it.

    Attributes
    ----------
    table, row, column : str
        Where the figure stands.
    published : float
        The figure.
    variant : str
        Our variant of the same neurons.
    classifier : str
        Our classifier; "" for the colour table.
    features : tuple of str
        Our feature sets for the same features, nearest first. The original's "grayscale"
        features were position and weight, without any gray value.
    """

    table: str
    row: str
    column: str
    published: float
    variant: str
    classifier: str = ""
    features: tuple[str, ...] = ()


CELLS = (
    Cell(
        FEATURES_BASELINE, "Grayscale only", "Accuracy", 0.2324,
        "with_background", "random_forest", ("position+weight", "position"),
    ),
    Cell(
        FEATURES_BASELINE, "Grayscale + RGB", "Accuracy", 0.4009,
        "with_background", "random_forest", ("position+weight+rgb", "position+rgb"),
    ),
    *(
        Cell(COLOUR_RESULTS, row, column, figure, variant)
        for row, variant, figures in (
            ("Full Dataset (w/ BG)", "with_background", (0.0144, 0.7300, 0.1341)),
            ("No Background (cleaned)", "no_background", (0.0197, 0.7143, 0.1565)),
        )
        for column, figure in zip(MEASURES, figures, strict=True)
    ),
    *(
        Cell(DOWNSTREAM, row, "Accuracy", figure, "with_background", classifier, ("predicted",))
        for row, classifier, figure in (
            ("Random Forest", "random_forest", 0.2295),
            ("SVM", "svm", 0.2581),
            ("KNN", "k_nearest_neighbours", 0.2479),
            ("MLP", "mlp", 0.2352),
            ("Logistic Reg.", "logistic_regression", 0.2575),
        )
    ),
)  # fmt: skip
