"""What cannot be split is refused before anything runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.errors import InputError
from chromapal.worms import registry
from chromapal.worms.plan import BATCHES, BATCHES_OF_FEW, FEW, batches, fold_count

HEADER = "worm,lab,x,y,z,xr,yr,zr,weight,R,G,B,W,ID,fold\n"


def config(**keys):
    return {"source": "tables", "split": "worm", "folds": 3, "laboratory": "", "study": "s", **keys}


def table(folder, worms, fold=""):
    rows = [f"{worm},{lab},1,1,1,1,1,1,1,1,1,1,,AVAL,{fold}\n" for worm, lab in worms]
    (folder / "t.csv").write_text(HEADER + "".join(rows))
    return [str(folder / "t.csv")]


def test_folds_follow_the_split(tmp_path):
    files = table(tmp_path, [("1", "A"), ("2", "A"), ("1", "B"), ("2", "B")])
    assert fold_count(config(), files) == 3
    assert fold_count(config(split="rows"), files) == 1
    assert fold_count(config(split="lab"), files) == 2


@pytest.mark.parametrize(
    ("worms", "keys", "line"),
    [
        ([], {}, "found no worm"),
        ([("1", "A")], {}, "found 1 worm"),
        ([("1", "A"), ("2", "A")], {}, "3 folds for 2 worms.*folds=2"),
        ([("1", "A"), ("2", "A")], {"split": "lab"}, "1 laboratory"),
        ([("1", "A"), ("2", "A")], {"folds": 1}, "1 fold"),
    ],
)
def test_refused(tmp_path, worms, keys, line):
    with pytest.raises(InputError, match=line):
        fold_count(config(**keys), table(tmp_path, worms))


def test_a_fold_column_must_agree(tmp_path):
    files = table(tmp_path, [("1", "A"), ("2", "A"), ("3", "A")], fold="0")
    with pytest.raises(InputError, match="folds: 1"):
        fold_count(config(), files)


def test_sources_have_file_safe_keys_of_their_own(tmp_path):
    for lab in ("A B", "A_B"):
        (tmp_path / lab).mkdir()
        (tmp_path / lab / "1.csv").touch()
    found = registry.source("tables").files(config(tables=str(tmp_path)))
    assert len(found) == 2
    assert all("/" not in key and " " not in key for key in found)


def test_a_missing_folder_key_is_named():
    with pytest.raises(InputError, match="config key 'nwb'"):
        registry.source("nwb").files(config(source="nwb"))


KEYS = st.text("abcdef0123456789-", min_size=1)


@given(
    st.lists(KEYS, unique=True, max_size=FEW - 1) | st.lists(KEYS, unique=True, min_size=FEW + 1),
    st.text("xyz", min_size=1),
)
def test_an_added_file_joins_one_batch_and_moves_no_other(keys, added):
    before, after = batches(keys), batches([*keys, added])
    assert sorted(key for batch in before.values() for key in batch) == sorted(keys)
    assert len(after) <= (BATCHES_OF_FEW if len(keys) < FEW else BATCHES) and all(after.values())
    changed = [name for name, batch in after.items() if before.get(name) != batch]
    assert len(changed) == 1 and after[changed[0]] == [*before.get(changed[0], []), added]
