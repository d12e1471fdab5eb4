"""Print config/README.md: every key of a study, from the schema that checks it."""

import json
from pathlib import Path

SCHEMAS = Path(__file__).parent
OPENING = """\
# The keys of a study

A study is one YAML file. It lists the keys that it changes; all others have the default below. A
key without a default (`none`) is either required, and the run stops if it is missing, or has no
effect unless given. A misspelt key or a value of the wrong type stops the run with a line that
names the key. Units stand in square brackets. (Generated from the schemas in `workflow/schemas` by
`make keys`.)

| file | study |
|---|---|
| `config.yaml` | the default: simulated worms, minutes on two cores, no download |
| `tables.yaml` | your neuron tables: `--configfile config/tables.yaml --config tables=FOLDER` |
| `wormid.yaml` | seven dandisets of the DANDI archive: `--configfile config/wormid.yaml` |
| `nwb.yaml` | your NWB files: `--configfile config/nwb.yaml --config nwb=FOLDER` |
| `identity.yaml` | naming neurons, by worm: `make identity TABLES=FOLDER [PEERS=FILE]` |
| `identity_labs.yaml` | the same, by laboratory: `make identity-labs TABLES=FOLDER` |
| `identity_oracle.yaml` | by worm, with handedness taken from the test worms' labels: an oracle |
| `model.yaml` | the trained model alone, from your neuron tables: `make model TABLES=FOLDER` |
| `model_scores.yaml` | how good the names of such a model are: `make model-scores TABLES=FOLDER` |
| `original.yaml` | the recipe of the original study, unchanged |
| `images.yaml` | colorizers of images, on photographs and simulated slices: `make images` |
| `images-photographs.yaml` | the same on your photographs: `make images-photographs FOLDER=…` |
| `images-context.yaml` | its authors' context network on patches: `make images-context FOLDER=…` |
| `images-full.yaml` | the original projects' image sets at full size, for a GPU |

`--configfile` replaces the default study as a whole; nothing is taken from `config.yaml`.

## A study of neurons

"""
IMAGES = """
## A study of images

A study with the key `sets` is one of images: it has the keys below and no others.

"""
APPLY = """
## New worms

Keys `model` and `worms` name and colour new worms with the trained model of a finished study:
`snakemake apply --config model=results/STUDY worms=FOLDER`. A config file of
a study (`--configfile`, or that of a deployed workflow) is ignored; `laboratory`, `handedness` and
`nwb`, which studies have too, are then read from `--config` only.

A folder of results belongs to one model and one folder of worms, and must lie outside the folder of
worms. For another model, or another folder of the same name, choose a different `out`. Snakemake
reads digits on the command line as a number: for a folder `007` or `2023_01` write `worms=./007`.

"""
COLOUR = """
## Images to colour

Keys `model` and `images` colour images with a trained colorizer of a study of images:
`snakemake colour --config model=results/STUDY/models/SET/RUN/COLORIZER images=FOLDER`.
A config file of a study is ignored, as for new worms, and a folder of results belongs to one
model and one folder of images. What it holds is described in `docs/images.md`.

"""
HEAD = "| key | default | meaning |\n|---|---|---|\n"
CLOSING = """
## Methods' own parameters

`params.colorizers.NAME` and `params.classifiers.NAME` change the defaults in the
`Params` of `src/chromapal/colorizers/NAME.py` and `src/chromapal/classifiers/NAME.py`, where each
is described. For example:

```yaml
params:
  colorizers:
    resnet18_fusion: {steps: 400, batch: 32}
  classifiers:
    random_forest: {trees: 300}
```

## A neuron table

One row per neuron, CSV or Parquet, one or many worms a file.

| column | unit | meaning |
|---|---|---|
| `worm` | | name of the worm, any text |
| `lab` | | laboratory; optional: without it, the first folder below the one stated |
| `x`, `y`, `z` | voxel | centre |
| `xr`, `yr`, `zr` | um | centre |
| `weight` | | weight of the voxel mask; 1 where there is none |
| `R`, `G`, `B`, `W` | counts | mNeptune2.5, CyOFP1, mTagBFP2, panneuronal; may be empty |
| `full_scale` | counts | optional: the camera's largest count; else `laboratories`, else inferred |
| `ID` | | name; empty, `NA`, `unknown`, ... if nobody named it; a trailing `?` is removed |
| `fold` | | optional: 0, 1, ...; a worm whose fold is no number always trains |
| `session` | | optional: day of the recording, `YYYY-MM-DD`; else read off `path` or `worm` |
| `strain`, `sex`, `stage`, `part` | | optional: of the worm; the part of the body, `head` |

Of a new worm (`snakemake apply`) only `x`, `y`, `z`, `xr`, `yr`, `zr` and a channel are needed: a
column `gray`, or `W`, or `R`, `G` and `B`. A worm without a name gets
the name of its file. `gray` is used rather than `W` in worms that have it for every neuron. A worm
that the model was trained on is skipped, even under another name: it is recognised by its neurons'
distances from their centre. With `colour_scale: full_scale`, a
laboratory of the study keeps its `full_scale`.

### What is skipped, and what is asked

Of every file, of training worms and of new ones alike, a worm is skipped with a reason whose
positions cannot be those of a worm: axes that are exchanged, voxels below 0.01 or above 100 um,
voxel numbers given as um where no head is that large, neurons more than 2.5 mm apart or far too
close together. Its names would be wrong, and so would be what is learned from it. A worm is judged
by its own positions alone.

What is only unusual is a question, in `tables/scope.csv`, in the log and in the report; the worm is
used.

| question | asked where |
|---|---|
| `size` | a length is under half or over twice that of heads, or voxel numbers are given as um |
| `spacing` | neurons lie closer together or farther apart than in heads |
| `axes` | pixels are not square, or axes are mirrored otherwise than in the laboratory |
| `laboratory` | worms are 1.4 times as large as those of all other laboratories, or as small |
| `gray`, `colour` | a channel is dark, lacking, or the same in almost half of the neurons |
| `counts` | no count is above 1: fractions of a full scale that is not stated |

Heads are 87 real ones; for a new worm, lengths are compared with the worms that the model was
trained on.

## Volumes of new worms

A volume is a TIFF or OME-TIFF file, or ND2 or CZI (`pip install bioio bioio-nd2 bioio-czi`). Next
to it lies a table of its neurons' centres, with the same name and another suffix, and the columns
`x`, `y`, `z` [voxel, from 0]; each neuron has the counts of the voxel at its centre. Chromapal does
not segment volumes: tools such as StarDist, Cellpose or NeuroPAL_ID find centres. For a laboratory
that was not in the study, the full scale is guessed from the volume's brightest voxel; with 16 bits
it is at least 4095.

## What new worms get

| in `results/applied/{folder}/` | what |
|---|---|
| `named/{lab}/{worm}/` | the worm's tables, image and page |
| `classes.csv` | in how many worms each class of neurons was found, left and right |
| `accuracy.csv` | how many labelled neurons were named right, per worm and in all |
| `layers/{lab}/{worm}/` | layers, and `open.py`, which shows them in napari (0.6 or later) |
| `nwb/` | with `nwb: true` a copy of each NWB file with the module `NeuroPAL_predicted` |
| `scope.csv` | questions: how worms differ from those that the model was trained on |
| `skipped.csv` | what was skipped, and why; if every worm is, see the failed job's log |
| `applied.json` | which model, and which folder of worms |

`scope.csv` has the questions above, and others, such as `sex`, `strain` and `stage`. It has the
question `name` where another worm of the same laboratory and name was trained on.

| in `named/{lab}/{worm}/` | what |
|---|---|
| `neurons.csv` | a row per neuron, the least certain first |
| `neurons.png`, `neurons.html` | the same as an image, and a page to correct the names on |
| `neuropal_id.csv` | the columns of NeuroPAL_ID's own CSV file of neurons |
| `probabilities.parquet` | the probability of every name: row 0 is neuron 0, a column per name |
| `traces.csv` | the calcium traces of an NWB file that states which neurons' they are, in rows |
| `traces_wide.csv`, `traces.png` | the named ones of them side by side, and as a heat map |

`neurons.csv` has each neuron's number (`neuron`, `row`), voxel, micrometres and body axes; the
label of the file if any (`ID`); five names with probabilities; predicted colour on the study's
scale (`red`), its standard deviation (`red_sd`), and the colour between 0 and 1 (`red_shown`);
class, side, dorsal or ventral, and ganglion of the answer, and the probability of the class. In
`neuropal_id.csv` positions follow NeuroPAL_ID's conventions (voxels counted from 1), and names are
among its automatic ones. A trace is matched to a neuron if its regions are the neurons, if they
have the neurons' numbers (`ROI_IDs`), or by a label that occurs once. It bears its neuron's name
where that is at least as probable as `least_probability`. Left and right stay apart unless
`merge_sides` asks for their mean. A class counts as found in a worm from the same probability on.

The predicted volume is drawn: a blob of predicted colour where each neuron is, dark elsewhere.

## Worms from the DANDI archive

`source: dandi` reads NWB files from the archive: only the parts that a neuron table needs
are fetched, by range requests, into `dandi.cache`. The first run asks the archive which files
there are and writes `dandi.manifest` (laboratory, dandiset, version, asset, path, size,
checksum); later runs read that, so that a study can be repeated. A transfer that breaks is resumed;
if it keeps failing, that worm stops with one line and no partial table. Profiles limit how many run
at once (resource `transfers`). An API key, needed for embargoed dandisets only, is taken from the
environment variable `DANDI_API_KEY`. It goes to https addresses of the DANDI archive only, and to
the one host that `CHROMAPAL_DANDI_HOST` names (`HOST` or `HOST:PORT`), whatever `dandi.api` says. A
dry run sends no key, and asks no other server for the list of files.

## Correct names by hand (anchors)

With `align`, every test worm gets `results/{study}/named/{lab}/{worm}.csv`: its names with
probabilities and a review queue. Corrections go into a folder of your own, config key
`anchors`, as `{lab}/{worm}.csv` (the same file name) with two columns:

| column | meaning |
|---|---|
| `neuron` | number of the neuron, from the column of that name |
| `says` | its name, whole or in part (`RMDD?`); `-` if it is not a neuron; or where it lies |

A position is one of: towards the `nose` or the `tail`, `dorsal` or `ventral`, `left` or `right`
of the middle of the head (in upper or lower case). One row may leave `neuron` empty and say
`handedness=right` or `handedness=mirrored`: how the axes of the worm's file are. A name that no
training worm has is kept, with a warning; a file that belongs to no test worm, or cannot be
used, is named in a warning and changes nothing.

Run the study again: the names you gave are kept, no other neuron gets them, and the alignment and
handedness that follow from them change other names. `left` and `right` speak for or against the
axes in full; a name counts for less, so that one of them seldom overturns what the other worms of
a laboratory say. Where the study's classifiers include `neuron_transformer`, that network names
the worm, told which names are yours; else the atlas does.
No table of scores uses anchors.
"""


def followed(part: dict, parts: dict) -> dict:
    """Return the definition that a part of a schema refers to, or the part itself."""
    return parts[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def rows(properties: dict, parts: dict, prefix: str = ""):
    """Yield one table row per key, inner keys after their outer one; `parts` by name."""
    for key, part in properties.items():
        inner = followed(part, parts)
        name = f"{prefix}{key}"
        if "description" in part:
            default = f"`{json.dumps(part['default'])}`" if "default" in part else "none"
            choices = f" One of {', '.join(map(str, part['enum']))}." if "enum" in part else ""
            yield f"| `{name}` | {default} | {part['description']}{choices} |"
        each = inner.get("additionalProperties")
        if "$ref" in inner.get("items", {}):
            item = followed(inner["items"], parts)
            yield from rows(item["properties"], parts, f"{name}[].")
        elif "properties" in inner:
            yield from rows(inner["properties"], parts, f"{name}.")
        elif isinstance(each, dict) and "$ref" in each:
            yield from rows(followed(each, parts)["properties"], parts, f"{name}.NAME.")


def document() -> str:
    """Return the text of config/README.md."""
    schemas = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in SCHEMAS.glob("*.schema.json")
    }
    parts = {}
    for schema in schemas.values():
        parts |= schema.get("$defs", {})
    neurons, images, apply, colour = (
        HEAD + "\n".join(rows(schemas[name]["properties"], parts)) + "\n"
        for name in ("config", "images", "apply", "colour")
    )
    return f"{OPENING}{neurons}{IMAGES}{images}{APPLY}{apply}{COLOUR}{colour}{CLOSING}"


if __name__ == "__main__":
    print(document(), end="")
