"""A study's model and the new worms it is applied to, shared by their rules."""

from chromapal.training import layout

MODEL = plain(apply_plan.model_folder, config["model"])
KEPT = plain(layout.sealed, MODEL, apply_plan.FACTS)
if KEPT["missing"]:
    raise WorkflowError(
        f"config key 'model': found {KEPT['missing']} ({MODEL}); expected a model that names"
    )
APPLIED = plain(apply_plan.applied, RESULTS, MODEL, config["worms"])
SOURCES = plain(apply_plan.sources, config["worms"])
FACTS = {source.path: f"{RESULTS}/sources/{key}.json" for key, source in SOURCES.items()}


wildcard_constraints:
    source="|".join(map(re.escape, SOURCES)),


def source_files(wildcards):
    """List the files of one source: itself, and a volume's centres."""
    source = SOURCES[wildcards.source]
    return [source.path, *([source.centres] if source.centres else [])]


def source_fact(fact):
    """Give a function that tells one fact about a source."""

    def told(wildcards):
        return getattr(SOURCES[wildcards.source], fact)

    return told


def new_source_code(wildcards):
    """Hash the code that reads one source."""
    return source_code("load_new_worms.py", SOURCES[wildcards.source].kind)
