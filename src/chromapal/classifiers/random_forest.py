"""Random forest, the original study's classifier."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """What can be changed about the forest.

    Attributes
    ----------
    trees : int
        Number of trees.
    max_leaf_nodes : int
        Largest number of leaves of a tree; 0 = no limit. A leaf stores a share per name, so a
        hundred full trees over two hundred names take more than a gigabyte.
    """

    trees: int = 100
    max_leaf_nodes: int = 2000


def build(params, seed):
    """Return the unfitted forest; trees need no scaling."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=params.trees,
        max_leaf_nodes=params.max_leaf_nodes or None,
        random_state=seed,
    )
