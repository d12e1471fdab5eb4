"""A study's model and the new worms it is applied to, shared by their rules."""

from chromapal.apply import facts as model_facts

MODEL = checked(apply_plan.model_folder, config["model"])
MODEL_FACTS = checked(model_facts.read, MODEL)
APPLIED = checked(apply_plan.applied, RESULTS, MODEL, config["worms"])
SOURCES = checked(apply_plan.sources, config["worms"])
NO_FILES = apply_plan.no_files(config["worms"], config["laboratory"])
FACTS = {source.path: f"{RESULTS}/sources/{key}.json" for key, source in SOURCES.items()}


wildcard_constraints:
    source="|".join(map(re.escape, SOURCES)),


def source_files(wildcards):
    """List the files of one source: itself, and a volume's centres."""
    source = SOURCES[wildcards.source]
    return [source.path, *([source.centres] if source.centres else [])]


def source_file(wildcards):
    """Return the path, kind and table of centres of a source."""
    return vars(SOURCES[wildcards.source])


def new_source_module(wildcards):
    """Return the path of the module that reads a source."""
    return f"src/chromapal/worms/sources/{SOURCES[wildcards.source].kind}.py"
