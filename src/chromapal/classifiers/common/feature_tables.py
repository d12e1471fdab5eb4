"""A fold's worms as each feature set shows them to a classifier."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from chromapal.classifiers.common.predicted import cross_fitted
from chromapal.columns import BODY, FEATURES, POSITION, PREDICTED
from chromapal.prepare.variants import select
from chromapal.worms.partial_names import is_partial
from chromapal.worms.table import WORM


@dataclass(frozen=True)
class Task:
    """Who names which neurons, from what.

    Attributes
    ----------
    classifier, params
        The method's name, and the study's changes to its `Params`.
    variant : {"with_background", "no_background", "no_background_smote"}
        What becomes of unlabelled neurons, and whether rare names are oversampled in training.
    features : sequence of str
        Keys of `FEATURES`; those with predicted colour are done once per colorizer.
    """

    classifier: str
    params: dict
    variant: str
    features: Sequence[str]


@dataclass(frozen=True)
class Sources:
    """Files of a fold that feature sets come from, beside its neurons.

    Attributes
    ----------
    colours : dict
        By cross-fitted colorizer: the colours file of the fold's own model, which holds the test
        worms, and (pair, file) of the models that left out this fold and one other, which hold
        the training worms.
    aligned : dict
        By feature set: file of the neurons in body axes, which then take the place of positions
        between 0 and 1. Feature sets that are absent stay as they are.
    """

    colours: dict[str, tuple[str, Sequence[tuple[str, str]]]]
    aligned: dict[str, str]


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """A fold's worms as one feature set shows them.

    Attributes
    ----------
    features, colorizer : str
        The feature set, and whose predicted colours it has; "" where it has none.
    columns : tuple of str
        The columns to learn from.
    train, test : pandas.DataFrame
        Neurons of worms that have all of these columns.
    files : sequence of str
        The files of predicted colours.
    """

    features: str
    colorizer: str
    columns: tuple[str, ...]
    train: pd.DataFrame
    test: pd.DataFrame
    files: Sequence[str] = ()

    @property
    def label(self) -> str:
        """What the log calls it."""
        return " ".join(filter(None, [self.features, self.colorizer]))


def labelled_for_training(neurons, variant: str) -> pd.DataFrame:
    """Read the neurons of a fold that are learnt from or named, without partial names."""
    table = identifiable(pd.read_parquet(neurons), variant)
    # a partial name says too little to be learnt from
    partial = table["role"].ne("test") & table["name"].map(is_partial)
    return table.assign(name=table["name"].mask(partial, ""))


def feature_tables(
    neurons: pd.DataFrame, fold: str, sources: Sources, features: Sequence[str]
) -> Iterator[FeatureTable]:
    """Yield a fold's worms as each feature set shows them; see `name_fold`."""
    number = int(fold.removeprefix("fold"))
    for feature in features:
        columns, table = FEATURES[feature], neurons
        wanted = sources.colours if set(columns) & set(PREDICTED) else {"": None}
        if feature in sources.aligned:
            body = pd.read_parquet(sources.aligned[feature], columns=["row", *BODY])
            table = table.merge(body, on="row", validate="one_to_one")
            columns = (*BODY, *columns[len(POSITION) :])
        for colorizer, files in wanted.items():
            complete, paths = table, []
            if colorizer:
                own, pairs = files
                complete = table[table["colour"]]
                complete = complete.merge(cross_fitted(complete, number, own, pairs), on="row")
                paths = [own, *(path for _, path in pairs)]
            complete = complete[complete[list(columns)].notna().all(axis=1)]
            test = complete["role"].eq("test")
            yield FeatureTable(feature, colorizer, columns, complete[~test], complete[test], paths)


def identifiable(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return the worms that can be learnt from or named, unlabelled neurons as the variant says.

    Unlabelled neurons stay, as `background` or as "": nobody is asked their names, but they
    compete for names, as in any new worm. A test worm without any label is named where "" is
    what it says, and not scored.
    """
    labelled = neurons["name"].ne("").groupby([neurons[key] for key in WORM]).transform("any")
    if variant == "with_background":
        return select(neurons[labelled], variant).reset_index(drop=True)
    return neurons[labelled | neurons["role"].eq("test")].reset_index(drop=True)
