"""Which files a rule reads, from the study's runs."""

# Largest counts that the study states.
FULL_SCALES = {
    lab: keys["full_scale"] for lab, keys in config["laboratories"].items() if "full_scale" in keys
}

# Test colours and losses of every training; fold pairs are for classifiers only.
TESTED = [path for run in RUNS for path in run_colours(run, run_folds(run), "")]
TRAINED = TESTED + [path for run in CROSS_FITTED for path in run_colours(run, PAIRS, "")]
NAMED = expand(
    "{classifier}/{variant}/{fold}",
    classifier=IDENTIFY["classifiers"],
    variant=IDENTIFY["variants"],
    fold=FOLD_NAMES,
)


def colour_entries(paths, folder, suffix):
    """Describe files of one colorizer, variant, sample, grid and fold each."""
    keys = ("colorizer", "variant", "sample", "grid", "fold")
    return [
        dict(zip(keys, (part.removeprefix("grid") for part in Path(path).parts[1:])))
        | {
            "path": f"results/{STUDY}/{folder}{path}{suffix}",
            "study": STUDY,
            "seed": TRAINING_SEED,
        }
        for path in paths
    ]


def name_entries(paths):
    """Describe files of one classifier, variant and fold each, with the sample and grid of their colours."""
    keys = ("classifier", "variant", "fold")
    cross_fitted = CROSS_FITTED[:1]
    sample, grid = (
        (cross_fitted[0]["samples"][0], cross_fitted[0]["grids"][0]) if cross_fitted else ("", "")
    )
    return [
        dict(zip(keys, Path(path).parts))
        | {
            "path": f"results/{STUDY}/identities/{path}.parquet",
            "study": STUDY,
            "seed": config["seed"],
            "sample": sample,
            "grid": str(grid),
        }
        for path in paths
    ]


def batch_files(wildcards):
    """List the source files of a batch."""
    return [SOURCES[key] for key in BATCHES[wildcards.batch]]


def batch_laboratories(wildcards):
    """List the source files of a batch with their laboratories."""
    return [(SOURCES[key], laboratory_of(key)) for key in BATCHES[wildcards.batch]]


def asset_of(wildcards):
    """Return the archive's identifier of a file."""
    return ASSETS[wildcards.source].asset


def laboratory_of(key):
    """Return the laboratory of a file: its dandiset's, else the study's, else its folder's."""
    return ASSETS[key].lab if ASSETS else SOURCE.laboratory(SOURCES[key], config)


def streamed_laboratory(wildcards):
    """Return the laboratory of a file that is read from the archive."""
    return laboratory_of(wildcards.source)


def fetched_asset(wildcards):
    """Return the archive's identifier of a file that is fetched whole."""
    return FETCHED[wildcards.fetched].asset


def fetched_laboratory(wildcards):
    """Return the laboratory of a file that is fetched whole."""
    return FETCHED[wildcards.fetched].lab


def cross_fitted_colours(wildcards):
    """Map each cross-fitted colorizer to the colours of the fold and of its fold pairs."""
    fold = wildcards.fold.removeprefix("fold")
    pairs = [pair for pair in PAIRS if fold in pair.removeprefix("fold").split("-")]
    colours = {}
    for run in CROSS_FITTED:
        for name in run["colorizers"] if wildcards.variant in run["variants"] else []:
            cell = {**run, "colorizers": [name], "variants": [wildcards.variant]}
            own, *others = [
                f"{path}.parquet" for path in run_colours(cell, [wildcards.fold, *pairs])
            ]
            colours[name] = (own, list(zip(pairs, others)))
    return colours


def predicted_colours(wildcards):
    """List the predicted colours that naming one fold needs."""
    return [
        path
        for own, pairs in cross_fitted_colours(wildcards).values()
        for path in (own, *(path for _, path in pairs))
    ]


# Alignment for colour looks at position and the study's gray, and at no colour.
GRAY_ALIGNMENT = "position+gray"


def alignment_features(features):
    """Return the features of a set that alignment may use: no weight, no predicted colour.

    The study's gray under its own name is that gray, so that worms are aligned by it once.
    """
    parts = [part for part in features.split("+") if part not in ("weight", "predicted")]
    return "+".join("gray" if part == config["gray_source"] else part for part in parts)


def aligned_by_features(wildcards):
    """Map feature sets with a position to the file of the fold's neurons in body axes."""
    if config["align"] == "none":
        return {}
    folder = f"results/{STUDY}/aligned"
    return {
        features: f"{folder}/{alignment_features(features)}/{wildcards.fold}/neurons.parquet"
        for features in IDENTIFY["features"]
        if alignment_features(features)
    }


def naming_sources(wildcards):
    """Return the predicted colours and the aligned neurons that naming one fold reads."""
    return {
        "colours": cross_fitted_colours(wildcards),
        "aligned": aligned_by_features(wildcards),
    }


def aligned_neurons(wildcards):
    """List the aligned neurons that naming one fold needs."""
    return sorted(set(aligned_by_features(wildcards).values()))


def colour_aligned(wildcards):
    """Return the neurons in body axes that colorizers see; none as recorded."""
    if FRAME == "recorded":
        return []
    return f"results/{STUDY}/aligned/{GRAY_ALIGNMENT}/{wildcards.fold}/neurons.parquet"


NAMING = config["align"] != "none" and bool(IDENTIFY["classifiers"])
ALIGNMENT_FEATURES = (
    sorted({alignment_features(name) for name in IDENTIFY["features"] if alignment_features(name)})
    if NAMING
    else []
)


def fold_entries(folder, feature_sets, table=""):
    """Describe files of one feature set and fold each."""
    return [
        {
            "path": f"results/{STUDY}/{folder}/{features}/{fold}{table and os.sep}{table}.parquet",
            "study": STUDY,
            "features": features,
            "fold": fold,
        }
        for features in feature_sets
        for fold in FOLD_NAMES
    ]


def aligned_entries():
    """Describe the tables of aligned worms."""
    return fold_entries("aligned", ALIGNMENT_FEATURES, "worms")


def aligned_by_features_and_fold():
    """Map "features fold" to the file of aligned neurons."""
    return {
        f"{features} {fold}": f"results/{STUDY}/aligned/{alignment_features(features)}/{fold}/neurons.parquet"
        for features in (IDENTIFY["features"] if NAMING else [])
        for fold in FOLD_NAMES
        if alignment_features(features)
    }


# Names on the pages of worms: of the strongest classifier, from the richest features. With
# predicted colour a neuron has one name per colorizer, and pages show one name.
RICHEST = ("position+rgb", "position+gray", "position+luminance", "position+white", "position")
PAGE_FEATURES = next(
    (
        name
        for name in (*RICHEST, *IDENTIFY["features"])
        if name in IDENTIFY["features"] and alignment_features(name) and "predicted" not in name
    ),
    "",
)
PAGE_ALIGNMENT = alignment_features(PAGE_FEATURES)
PAGE_CLASSIFIER = next(iter(methods.ranked("classifiers", IDENTIFY["classifiers"])), "")


if config["anchors"] and not Path(config["anchors"]).is_dir():
    stop(f"config key 'anchors': found no folder {config['anchors']}; expected one of CSV files")
# Pages need names from the variant without background.
PAGES = NAMING and bool(PAGE_FEATURES) and "no_background" in IDENTIFY["variants"]
if config["anchors"] and not PAGES:
    stop(
        "config key 'anchors': this study makes no pages of worms on which they could be used; "
        "expected a classifier, variant no_background and features with a position under 'identify'"
    )


def anchor_network(wildcards):
    """Return the networks that name a fold's worms in the light of anchors; none if not trained."""
    if not WHOLE_WORMS or "no_background" not in IDENTIFY["variants"]:
        return []
    name = WHOLE_WORMS[0]
    if name not in IDENTIFY["classifiers"]:
        return []
    return f"results/{STUDY}/networks/{name}/no_background/{wildcards.fold}"


ANCHOR_PARAMS = config["params"]["classifiers"].get(next(iter(WHOLE_WORMS), ""), {})


# From position alone, from gray, from colour: what the study names neurons from.
AUDITED = [
    name
    for name in ("position", "position+gray", "position+rgb")
    if NAMING and name in IDENTIFY["features"]
]


def judged_entries(wildcards=None):
    """Describe the judgements of all folds, by feature set."""
    if not AUDITED:
        stop(
            "audit: needs aligned worms named from position, position+gray or position+rgb; found "
            f"align '{config['align']}', features {', '.join(IDENTIFY['features'])}"
        )
    folder = f"results/{STUDY}/judged"
    return [
        {
            "labels": f"{folder}/{features}/{fold}/labels.parquet",
            "animals": f"{folder}/{features}/{fold}/animals.parquet",
            "features": features,
            "fold": fold,
        }
        for features in AUDITED
        for fold in FOLD_NAMES
    ]


def judged_files(wildcards):
    """List the files of all judgements."""
    return [entry[part] for entry in judged_entries() for part in ("labels", "animals")]


def page_names():
    """Describe the identities files that pages of worms show."""
    return [
        entry
        for entry in name_entries(NAMED)
        if entry["classifier"] == PAGE_CLASSIFIER and entry["variant"] == "no_background"
    ]


def page_aligned(table):
    """Map folds to the aligned neurons, or worms, that pages of worms show."""
    folder = f"results/{STUDY}/aligned/{PAGE_ALIGNMENT}"
    return {fold: f"{folder}/{fold}/{table}.parquet" for fold in FOLD_NAMES} if PAGES else {}


# A person's anchors: editing one names its worm again.
ANCHOR_FILES = sorted(map(str, Path(config["anchors"]).rglob("*.csv"))) if config["anchors"] else []
for file in ANCHOR_FILES:
    checked(require_path, file)


def page_anchored():
    """Map folds to the names given with a person's anchors."""
    return {fold: f"results/{STUDY}/stated/{fold}.parquet" for fold in FOLD_NAMES if ANCHOR_FILES}


def example_run():
    """Choose the run whose predictions the report draws: the cross-fitted one, named neurons."""
    if not RUNS:
        return {}
    run = (CROSS_FITTED or RUNS)[0]
    variants = run["variants"]
    return {
        "colorizer": run["colorizers"][0],
        "variant": "no_background" if "no_background" in variants else variants[0],
        "sample": run["samples"][0],
        "grid": run["grids"][0],
    }


EXAMPLE_RUN = example_run()


def example_colours(wildcards):
    """List the predicted colours of that run, a file per fold."""
    if not EXAMPLE_RUN:
        return []
    run = {f"{key}s": [value] for key, value in EXAMPLE_RUN.items()}
    folds = run_folds((CROSS_FITTED or RUNS)[0])
    return [f"{path}.parquet" for path in run_colours(run, folds)]


def volume_inputs(wildcards):
    """List the files on this disk that may hold a colour volume."""
    return list(SOURCES.values()) if SOURCE.has_volumes and not STREAMED else []


def model_colorizer():
    """Choose the trained model's colorizer, one that the study trains if any, and its parameters."""
    naming = methods.declaring("colorizers", "names_by")
    for name in naming:
        for run in RUNS:
            if name in run["colorizers"]:
                return name, run_params(run, name)
    name = naming[0]
    # the classifier that names, where the study has one, is the same network
    classifier = methods.declared("colorizers", name, "names_by")
    changes = config["params"]["classifiers"].get(classifier, {})
    return name, {**changes, **config["params"]["colorizers"].get(name, {})}


MODEL_COLORIZER, MODEL_PARAMS = model_colorizer()
USED = {
    "colorizers": {MODEL_COLORIZER}.union(*(run["colorizers"] for run in config["runs"])),
    # a model that names neurons is trained as the classifier that is the same network
    "classifiers": {*IDENTIFY["classifiers"], *WHOLE_WORMS},
}
if workflow.is_main_process:
    for kind, used in USED.items():
        for name in sorted(set(config["params"][kind]) - used):
            logger.warning(
                f"config key 'params.{kind}': found {name}, which this study does not use; "
                f"expected one of {', '.join(sorted(used))}"
            )
TRAINED_MODEL = [f"results/{STUDY}/model"] if config["align"] != "none" else []
