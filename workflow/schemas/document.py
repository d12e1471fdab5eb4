"""Print config/README.md: every key of a study, from the schema that checks it."""

import json
from pathlib import Path

SCHEMAS = Path(__file__).parent
OPENING = """\
# The keys of a study

A study is one YAML file. It states what it changes; every other key has the default below.
A misspelt key or a value of the wrong type stops the run with a line that names the key.
Units stand in square brackets. (Generated from the schemas in `workflow/schemas` by
`make keys`.)

| file | study |
|---|---|
| `config.yaml` | the default: simulated worms, minutes on two cores, no download |
| `tables.yaml` | your neuron tables: `--configfile config/tables.yaml --config tables=FOLDER` |
| `wormid.yaml` | seven dandisets of the DANDI archive: `--configfile config/wormid.yaml` |
| `nwb.yaml` | your NWB files: `--configfile config/nwb.yaml --config nwb=FOLDER` |
| `identity.yaml` | naming neurons, by animal: `make identity TABLES=FOLDER [PEERS=FILE]` |
| `identity_labs.yaml` | the same, one laboratory left out: `make identity-labs TABLES=FOLDER` |
| `identity_oracle.yaml` | by animal, handedness as test animals' labels say: an oracle |
| `original.yaml` | the original study's recipe as it was |
| `images.yaml` | colorizers of images, on photographs and simulated slices: `make images` |
| `images-full.yaml` | the seeds' own image sets at full size, for a GPU |

`--configfile` replaces the default study as a whole; nothing of `config.yaml` is mixed in.

## A study of neurons

"""
IMAGES = """
## A study of images

A study with the key `sets` is one of images: it has the keys below and no others.

"""
APPLY = """
## New worms

Keys `model` and `worms` apply a study that has ended to worms it has never seen:
`snakemake apply --config model=results/STUDY worms=FOLDER`. Keys of a study beside them, in a
file of `--configfile` or of a deployed workflow, are not looked at; `laboratory`, `handedness` and
`nwb`, which both have, are then taken from `--config` alone.

A folder of results has those of one model and one folder of worms, and lies apart from the worms;
another model, or worms elsewhere in a folder of the same name, need an `out` of their own. A number
on the command line is read as one: for a folder `007` or `2023_01` write `worms=./007`.

"""
HEAD = "| key | default | meaning |\n|---|---|---|\n"
CLOSING = """
## Methods' own parameters

`params.colorizers.NAME` and `params.classifiers.NAME` change the defaults that stand in the
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
| `worm` | | name of the animal, any text |
| `lab` | | laboratory; may be left out, then the file's parent folder is taken |
| `x`, `y`, `z` | voxel | centre |
| `xr`, `yr`, `zr` | um | centre |
| `weight` | | weight of the voxel mask; 1 where there is none |
| `R`, `G`, `B`, `W` | counts | mNeptune2.5, CyOFP1, mTagBFP2, panneuronal; may be empty |
| `full_scale` | counts | optional: the camera's largest count; else `laboratories`, else inferred |
| `ID` | | name; empty where nobody named the neuron; a trailing `?` is stripped |
| `fold` | | optional: 0, 1, ...; a worm whose fold is no number always trains |
| `session` | | optional: day of the recording, `YYYY-MM-DD`; else read off `path` or `worm` |
| `strain`, `sex`, `stage`, `part` | | optional: of the animal; the part of the body, `head` |

Of a new worm (`snakemake apply`) only `x`, `y`, `z`, `xr`, `yr`, `zr` and a channel are needed: a
column `gray`, or `W`, or `R`, `G` and `B`. A worm without a name is called as its file; `gray`
comes before `W` in worms that have it for every neuron. A worm whose micrometres are those of
exchanged axes or of another unit is left out: it would be named, and wrongly. So is a worm that the
model was trained on, under any name, for its neurons lie as far from their centre. With
`colour_scale: full_scale` a laboratory of the study keeps its `full_scale`.

## Volumes of new worms

A volume is a TIFF or OME-TIFF file, or ND2 or CZI (`pip install bioio bioio-nd2 bioio-czi`). Beside
it lies a table of its neurons' centres, of the same name but for the suffix, with columns `x`, `y`,
`z` [voxel, from 0]; each neuron has the counts of the voxel at its centre. Segmentation is out of
scope: tools such as StarDist, Cellpose or NeuroPAL_ID find centres. The full scale of a laboratory
that the study did not have is that of the volume's brightest voxel; of 16 bits it is 4095 at least.

## What new worms get

| in `results/applied/{folder}/` | what |
|---|---|
| `named/{lab}/{worm}/` | the worm's tables, picture and page |
| `layers/{lab}/{worm}/` | layers, and `open.py`, which shows them in napari (0.6 or later) |
| `nwb/` | with `nwb: true` a copy of each NWB file with the module `NeuroPAL_predicted` |
| `scope.csv` | in what worms differ from all that the model was trained on |
| `skipped.csv` | what was left out, and why; where no worm is left, the failed job's log says it |
| `applied.json` | which model, and which folder of worms |

`scope.csv` asks `size` where a worm's length along a principal axis is under half or over twice
that of all training worms, or where positions in um are voxel numbers: look at the units and axes
of its file. It asks `name` where another worm of the same laboratory and name was trained on.

| in `named/{lab}/{worm}/` | what |
|---|---|
| `neurons.csv` | a row per neuron, the least certain first |
| `neurons.png`, `neurons.html` | the same as a picture and an interactive page |
| `neuropal_id.csv` | the columns of NeuroPAL_ID's own CSV file of neurons |
| `traces.csv` | which calcium traces of an NWB file are which neuron's, where the file tells |

`neurons.csv` has each neuron's number (`neuron`, `row`), voxel, micrometres and body axes; the
label of the file if any (`ID`); five names with probabilities; predicted colour on the study's
scale (`red`), its standard deviation (`red_sd`), and the colour between 0 and 1 (`red_shown`). In
`neuropal_id.csv` micrometres are as NeuroPAL_ID counts them, voxels from 1, and names stand among
its automatic ones. A trace is a neuron's where its regions are the neurons, bear their numbers
(`ROI_IDs`) or a label that nobody else has.

The predicted volume is drawn: a blob of predicted colour where each neuron is, dark elsewhere.

## Worms from the DANDI archive

`source: dandi` reads NWB files where they lie: of each only the parts that a neuron table needs
are fetched, by range requests, into `dandi.cache`. The first run asks the archive which files
there are and writes `dandi.manifest` (laboratory, dandiset, version, asset, path, size,
checksum); later runs read that, so that a study can be repeated. A transfer that breaks is tried
again, and what came is kept; one that fails for good stops that worm with one line, never with
half a table. Profiles limit how many run at once (resource `transfers`). An API key, needed for
embargoed dandisets only, is taken from the environment variable `DANDI_API_KEY`.

## What you know about an animal

With `align`, every test animal gets `results/{study}/named/{lab}/{worm}.csv`: its names with
probabilities and a review queue. What you know better goes into a folder of your own, config key
`anchors`, as `{lab}/{worm}.csv` (the same file name) with two columns:

| column | meaning |
|---|---|
| `neuron` | number of the neuron, from the column of that name |
| `says` | its name, whole or in part (`RMDD?`); `-` where there is no neuron; or where it lies |

A neuron may be said to lie towards the `nose` or the `tail`, `dorsal` or `ventral`, `left` or
`right`, of the middle of the head (these words in any case). A name that no training animal has is
kept, with a warning; a file that belongs to no test animal, or cannot be used, is named in a
warning and changes nothing.

Run the study again: names you stated stay as stated, no other neuron gets them, and what they say
about where the head is and which side is left moves the rest. The atlas answers for such an
animal, not the network that the other pages show. No table of scores uses statements.
"""


def followed(part: dict, parts: dict) -> dict:
    """Give the definition that a part of a schema refers to, or the part itself."""
    return parts[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def rows(properties: dict, parts: dict, prefix: str = ""):
    """Yield one table row per key, inner keys after their outer one; `parts` by name."""
    for key, part in properties.items():
        inner = followed(part, parts)
        name = f"{prefix}{key}"
        if "description" in part:
            default = json.dumps(part["default"]) if "default" in part else "required or unused"
            choices = f" One of {', '.join(map(str, part['enum']))}." if "enum" in part else ""
            yield f"| `{name}` | `{default}` | {part['description']}{choices} |"
        each = inner.get("additionalProperties")
        if "$ref" in inner.get("items", {}):
            item = followed(inner["items"], parts)
            yield from rows(item["properties"], parts, f"{name}[].")
        elif "properties" in inner:
            yield from rows(inner["properties"], parts, f"{name}.")
        elif isinstance(each, dict) and "$ref" in each:
            yield from rows(followed(each, parts)["properties"], parts, f"{name}.NAME.")


def document() -> str:
    """Give the text of config/README.md."""
    schemas = {
        name: json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("config", "images", "apply", "parts")
    }
    parts = schemas.pop("parts")["$defs"]
    neurons, images, apply = (
        HEAD + "\n".join(rows(schema["properties"], parts)) + "\n" for schema in schemas.values()
    )
    return f"{OPENING}{neurons}{IMAGES}{images}{APPLY}{apply}{CLOSING}"


if __name__ == "__main__":
    print(document(), end="")
