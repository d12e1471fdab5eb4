"""A study's model and the new worms it is applied to, shared by their rules."""

from chromapal.training import layout

MODEL = checked(apply_plan.model_folder, config["model"])
KEPT = checked(layout.sealed, MODEL, apply_plan.FACTS)
if KEPT["missing"]:
    raise WorkflowError(
        f"config key 'model': found {KEPT['missing']} ({MODEL}); expected a model that names"
    )
APPLIED = checked(apply_plan.applied, RESULTS, MODEL, config["worms"])
SOURCES = checked(apply_plan.sources, config["worms"])
FACTS = {source.path: f"{RESULTS}/sources/{key}.json" for key, source in SOURCES.items()}


wildcard_constraints:
    source="|".join(map(re.escape, SOURCES)),


def source_files(wildcards):
    """List the files of one source: itself, and a volume's centres."""
    source = SOURCES[wildcards.source]
    return [source.path, *([source.centres] if source.centres else [])]


def source_file(wildcards):
    """Say which file a source is, of which kind, and where its centres stand."""
    return vars(SOURCES[wildcards.source])


def new_source_module(wildcards):
    """Name the module of the source that reads a file."""
    return f"src/chromapal/worms/sources/{SOURCES[wildcards.source].kind}.py"
