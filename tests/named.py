"""Files of named neurons, made by hand for tables about names."""

import pandas as pd

FACTS = {
    "features": "position", "colorizer": "", "examples": 2, "majority": "AVAL",
    "majority_labelled": "AVAL", "training_names": 5,
    "training_device": "", "training_precision": "",
    **{f"probability{rank}": 0.0 for rank in range(2, 6)},
}  # fmt: skip
PART = {
    "study": "s", "classifier": "svm", "variant": "no_background", "fold": "fold0", "seed": 1,
    "sample": "", "grid": "",
}  # fmt: skip


def identities(path, rows, **facts) -> dict:
    """Write (lab, worm, row, name, answer, probability) and describe the file.

    An answer `A B` is the name A with B in second place.
    """
    table = pd.DataFrame(rows, columns=["lab", "worm", "row", "name", "answer", "probability"])
    part_facts = {key: facts.pop(key) for key in set(facts) & set(PART)}
    ranked = table.pop("answer").str.split().tolist()
    for rank in range(5):
        names = [answer[rank] if rank < len(answer) else "" for answer in ranked]
        table[f"top{rank + 1}"] = table[f"assigned{rank + 1}"] = names
    table.assign(**{**FACTS, **facts}).to_parquet(path)
    return {**PART, "path": path, **part_facts}
