"""A study's model and the new worms it is applied to, shared by their rules."""

from chromapal.apply import facts as model_facts
from chromapal.worms import plan

MODEL = checked(apply_plan.model_folder, config["model"])
MODEL_FACTS = checked(model_facts.read, MODEL)
APPLIED = checked(apply_plan.applied, RESULTS, MODEL, config["worms"])
SOURCES = checked(apply_plan.sources, config["worms"])
NO_FILES = apply_plan.no_files(config["worms"], config["laboratory"])
BATCHES = plan.batches(SOURCES)
ANCHOR_FILES = checked(apply_plan.anchor_files, config["anchors"])
# the tables of answers, as the model gave them, and as they are with what a person states
TABLES = ("answers", "probabilities", "aligned", "mirrored")
NAMED, CORRECTED = (
    [f"{RESULTS}/{folder}{name}.parquet" for name in TABLES] for folder in ("", "corrected/")
)
FINAL = CORRECTED if ANCHOR_FILES else NAMED
ANSWERS, PROBABILITIES, *_ = FINAL
FACTS = {
    SOURCES[key].path: f"{RESULTS}/sources/{batch}/{key}.json"
    for batch, keys in BATCHES.items()
    for key in keys
}
FACTS_FOLDERS = expand(f"{RESULTS}/sources/{{batch}}", batch=BATCHES)


wildcard_constraints:
    batch="|".join(BATCHES),


def batch_of(wildcards):
    """Return the files of a batch, by key: path, kind, and the table of a volume's centres."""
    return {key: vars(SOURCES[key]) for key in BATCHES[wildcards.batch]}


def batch_files(wildcards):
    """List the files that a batch reads: its sources, and their centres."""
    files = batch_of(wildcards).values()
    return [path for file in files for path in (file["path"], file["centres"]) if path]


def page_parts(wildcards):
    """List the files that the pages of new worms are made of."""
    found = [path for path in parts_of_pages() if path.stem not in ("classes", "turing")]
    return sorted(map(str, found))


def class_page_parts(wildcards):
    """List the files that the page of classes is made of."""
    return sorted(str(path) for path in parts_of_pages() if path.stem == "classes")


def parts_of_pages():
    """List the templates, styles and scripts of all pages."""
    folder = provenance.PACKAGE / "evaluate/pages"
    return [path for name in ("*.html", "*.css", "*.js") for path in folder.glob(name)]


def batch_modules(wildcards):
    """List the modules that read a batch."""
    kinds = sorted({file["kind"] for file in batch_of(wildcards).values()})
    return [f"src/chromapal/worms/sources/{kind}.py" for kind in kinds]
