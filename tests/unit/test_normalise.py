import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from chromapal.errors import InputError
from chromapal.prepare.normalise import (
    COLOUR_SCALES,
    GRAY_SOURCES,
    Normaliser,
    display,
    prepare_fold,
    usable_for_colour,
)

NORMALISED = ["u", "v", "w", "weight_n", "r", "g", "b", "luminance", "gray"]


def worm(name, count=6, lab="A", seed=0, **columns):
    rng = np.random.default_rng([seed, *name.encode()])
    counts = rng.integers(0, 4000, (count, 4)).astype(float)
    return pd.DataFrame(
        {
            "worm": name,
            "lab": lab,
            **dict(zip(("xr", "yr", "zr"), rng.uniform(0, 50, (3, count)), strict=True)),
            "weight": rng.uniform(1, 3, count),
            **dict(zip("RGBW", counts.T, strict=True)),
            "full_scale": 4095.0,
            "name": "",
            **columns,
        }
    )


def normalised(scale, table, train=None, gray="luminance"):
    return Normaliser.fit(table if train is None else train, scale, gray).transform(table)


def test_full_scale_by_hand():
    table = worm("1", 2, R=[819.0, 4095], G=[0.0, 2047.5], B=[1638.0, 0], full_scale=4095.0)
    done = normalised("full_scale", table)
    np.testing.assert_allclose(done["r"], [0.2, 1])
    np.testing.assert_allclose(done["g"], [0, 0.5])
    np.testing.assert_allclose(done["b"], [0.4, 0])
    np.testing.assert_allclose(done["luminance"], [0.299 * 0.2 + 0.114 * 0.4, 0.299 + 0.587 * 0.5])
    np.testing.assert_array_equal(done["gray"], done["luminance"])


def test_full_scale_is_each_laboratorys_own():
    table = pd.concat([worm("1", 1, R=1000.0, full_scale=4000.0), worm("2", 1, lab="B", R=1000.0)])
    table.loc[table["lab"] == "B", "full_scale"] = 65535.0
    np.testing.assert_allclose(normalised("full_scale", table)["r"], [0.25, 1000 / 65535])


def test_global_minmax_by_hand_is_fitted_on_training_and_not_clipped():
    train = worm("1", 3, R=[100.0, 300, 200], G=7.0, W=[0.0, 10, 5])
    test = worm("2", 3, R=[50.0, 150, 500], G=[1.0, 7, 9], W=[5.0, 20, 0])
    fitted = Normaliser.fit(train, "global_minmax", "white")
    assert fitted.channels["R"] == (100, 300)
    done = fitted.transform(test)
    np.testing.assert_allclose(done["r"], [-0.25, 0.25, 2])
    np.testing.assert_allclose(done["g"], 1)  # constant in training
    np.testing.assert_allclose(done["gray"], [0.5, 2, 0])
    np.testing.assert_allclose(fitted.transform(train)["r"], [0, 1, 0.5])


def test_per_worm_goes_between_the_worms_own_quantiles():
    red = np.arange(101.0)
    table = pd.concat([worm("1", 101, R=red, G=5.0), worm("2", 101, R=red * 10 + 3)])
    done = normalised("per_worm", table)
    expected = np.clip((red - 1) / 98, 0, 1)  # quantiles .01 and .99 of 0..100 are 1 and 99
    np.testing.assert_allclose(done["r"], [*expected, *expected], atol=1e-12)
    np.testing.assert_allclose(done["g"][:101], 1)


def test_rank_normal_by_hand():
    table = worm("1", 4, R=[10.0, 30, 30, 900], G=5.0, B=[4.0, 3, 2, 1])
    done = normalised("rank_normal", table)
    np.testing.assert_allclose(done["r"], norm.ppf([0.125, 0.5, 0.5, 0.875]), atol=1e-12)
    np.testing.assert_allclose(done["g"], 0, atol=1e-12)
    mixed = 0.299 * table["R"] + 0.587 * table["G"] + 0.114 * table["B"]
    expected = norm.ppf((rankdata(mixed) - 0.5) / 4)
    np.testing.assert_allclose(done["luminance"], expected, atol=1e-12)


def test_positions_are_normalised_per_worm():
    table = pd.concat(
        [
            worm("1", 3, xr=[10.0, 20, 15], yr=4.0, zr=[0.0, 1, 4]),
            worm("1", 2, lab="B", xr=[0.0, 1000], yr=[3.0, 1], zr=2.0),
        ]
    )
    done = normalised("full_scale", table)
    np.testing.assert_allclose(done["u"], [0, 1, 0.5, 0, 1])
    np.testing.assert_allclose(done["v"], [0.5, 0.5, 0.5, 1, 0])
    np.testing.assert_allclose(done["w"], [0, 0.25, 1, 0.5, 0.5])


def test_weight_is_normalised_over_training_rows_and_a_constant_one_is_1():
    train = worm("1", 2, weight=[2.0, 4])
    done = normalised("full_scale", worm("2", 2, weight=[3.0, 6]), train)
    np.testing.assert_allclose(done["weight_n"], [0.5, 2])
    done = normalised("full_scale", worm("2", 2, weight=[3.0, 6]), worm("1", 2, weight=1.0))
    np.testing.assert_allclose(done["weight_n"], 1)


@pytest.mark.parametrize("scale", COLOUR_SCALES)
@pytest.mark.parametrize("gray", GRAY_SOURCES)
def test_an_absent_channel_stays_absent(scale, gray):
    table = pd.concat([worm("1"), worm("2", G=np.nan, W=np.nan)], ignore_index=True)
    done = normalised(scale, table, gray=gray)
    absent = table["worm"] == "2"
    for column, expected in (("g", absent), ("luminance", absent), ("r", absent & False)):
        np.testing.assert_array_equal(done[column].isna(), expected)
    np.testing.assert_array_equal(done["gray"].isna(), absent)
    nowhere = normalised(scale, table.assign(W=np.nan), gray="white")
    assert nowhere["gray"].isna().all() and nowhere["r"].notna().all()


@pytest.mark.parametrize("scale", COLOUR_SCALES)
def test_json_gives_the_same_normaliser_back(scale):
    fitted = Normaliser.fit(worm("1"), scale, "white")
    assert Normaliser.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


def test_display_is_between_0_and_1():
    np.testing.assert_allclose(display([-0.5, 0.25, 3], "global_minmax"), [0, 0.25, 1])
    np.testing.assert_allclose(display(norm.ppf([0.1, 0.9]), "rank_normal"), [0.1, 0.9])


def test_wrong_choices_name_the_key():
    with pytest.raises(InputError, match=r"config key 'colour_scale'.*'log'.*rank_normal"):
        Normaliser.fit(worm("1"), "log", "white")
    with pytest.raises(InputError, match=r"config key 'gray_source'.*'green'"):
        Normaliser.fit(worm("1"), "full_scale", "green")


def test_worms_without_the_channels_needed_are_left_out_with_a_reason():
    table = pd.concat(
        [
            worm("1"),
            worm("2", W=np.nan),
            worm("3", R=np.nan, G=np.nan),
            worm("2", lab="B"),
            worm("4", R=np.nan, G=np.nan, B=np.nan),
        ],
        ignore_index=True,
    )
    mask, reasons = usable_for_colour(table, "luminance")
    np.testing.assert_array_equal(mask, ~table["worm"].isin(["3", "4"]))
    assert reasons[["lab", "worm"]].to_numpy().tolist() == [["A", "3"], ["A", "4"]]
    assert "no counts of channel R, G;" in reasons["reason"][0]
    mask, reasons = usable_for_colour(table, "white")
    left_out = table["worm"].isin(["3", "4"]) | ((table["worm"] == "2") & (table["lab"] == "A"))
    np.testing.assert_array_equal(mask, ~left_out)
    assert "no counts of channel W; expected R, G, B, W" in reasons["reason"][0]


ROLES = {"1": "train", "2": "train", "3": "validation", "4": "test"}


def run_fold(folder, table, scale="global_minmax", gray="luminance"):
    splits = pd.DataFrame({"fold2": table["worm"].map(ROLES), "inner": 1})
    folder.mkdir()
    table.to_parquet(folder / "in.parquet")
    splits.to_parquet(folder / "splits.parquet")
    outs = [folder / name for name in ("neurons.parquet", "normaliser.json", "left_out.csv")]
    prepare_fold(folder / "in.parquet", folder / "splits.parquet", "fold2", scale, gray, *outs)
    return pd.read_parquet(outs[0]), outs[1].read_bytes(), pd.read_csv(outs[2], dtype=str)


def four_worms():
    return pd.concat([worm(name) for name in ROLES], ignore_index=True)


def test_prepare_fold_keeps_everybody_and_lists_who_is_left_out_of_colour(tmp_path):
    table = four_worms()
    table.loc[table["worm"] == "2", "W"] = np.nan
    neurons, _, left_out = run_fold(tmp_path / "a", table, gray="white")
    assert neurons["row"].tolist() == list(range(len(table)))
    np.testing.assert_array_equal(neurons["R"], table["R"])
    assert neurons["role"].tolist() == table["worm"].map(ROLES).tolist()
    assert neurons["colour"].tolist() == (table["worm"] != "2").tolist()
    assert neurons["gray"].isna().tolist() == (table["worm"] == "2").tolist()
    assert set(neurons["inner"]) == {1} and set(NORMALISED) <= set(neurons)
    assert list(left_out) == ["file", "lab", "worm", "stage", "reason"]
    assert left_out[["lab", "worm", "stage"]].to_numpy().tolist() == [["A", "2", "colour"]]
    assert "channel W" in left_out["reason"][0]


@pytest.mark.parametrize("scale", COLOUR_SCALES)
def test_worms_without_any_colour_keep_their_place_and_their_white(tmp_path, scale):
    table = four_worms()
    table[["R", "G", "B"]] = np.nan
    neurons, _, left_out = run_fold(tmp_path / "a", table, scale)
    assert not neurons["colour"].any() and len(left_out) == 4
    assert neurons[["u", "v", "w", "white"]].notna().all().all()
    assert neurons[["r", "g", "b", "luminance", "gray"]].isna().all().all()


def tampered(table, roles):
    """Make worms of some roles hugely bright and heavy."""
    bright = table["worm"].map(ROLES).isin(roles)
    changed = table.copy()
    changed.loc[bright, [*"RGBW", "weight"]] *= 10
    return changed


def leaks(folder, fold):
    """Return whether anything but training worms reaches training rows or the normaliser."""
    found = []
    for name, table in (("as_is", four_worms()), ("bright", tampered(four_worms(), ["test"]))):
        neurons, normaliser, _ = fold(folder / name, table)
        train = neurons[neurons["role"] == "train"].drop(columns=["inner"])
        found.append((train.to_csv(), normaliser))
    return found[0] != found[1]


@pytest.mark.parametrize("gray", GRAY_SOURCES)
@pytest.mark.parametrize("scale", COLOUR_SCALES)
def test_nothing_of_a_test_worm_reaches_training(tmp_path, scale, gray):
    assert not leaks(tmp_path, lambda folder, table: run_fold(folder, table, scale, gray))


def test_nothing_of_a_validation_worm_reaches_the_normaliser(tmp_path):
    plain = run_fold(tmp_path / "a", four_worms())[1]
    assert run_fold(tmp_path / "b", tampered(four_worms(), ["validation"]))[1] == plain
    assert run_fold(tmp_path / "c", tampered(four_worms(), ["train"]))[1] != plain


def test_the_check_for_leaks_catches_a_fit_on_all_rows(tmp_path, monkeypatch):
    honest = Normaliser.fit
    everyone = []

    def leaking(folder, table):
        everyone[:] = [table]
        return run_fold(folder, table)

    monkeypatch.setattr(Normaliser, "fit", lambda train, *choices: honest(everyone[0], *choices))
    assert leaks(tmp_path, leaking)
