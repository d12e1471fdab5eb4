"""Which files of the DANDI archive a study reads; standard library only.

The archive is asked once: its answer is written to the manifest, which is all that later runs
read.
"""

import difflib
import os

from chromapal.errors import InputError
from chromapal.worms.dandi import manifest
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.slugs import slug


def assets(config: dict) -> dict[str, Asset]:
    """Map a file-safe key to each file that the study reads.

    Parameters
    ----------
    config : dict
        The study's validated keys.

    Returns
    -------
    dict of str to Asset
        In the order of laboratories and paths; without what the study leaves out. Empty where the
        source is another.

    Raises
    ------
    InputError
        No dandiset is named, the manifest is damaged or one of other dandisets or versions, a
        file to leave out is not in it, or a file is two laboratories'; and whatever stops the
        archive from being listed.
    """
    if config["source"] != "dandi":
        return {}
    named = config["dandi"]["dandisets"]
    if not named:
        raise InputError(
            "config key 'dandi.dandisets'", "nothing", "laboratories, with id and version each"
        )
    if config["laboratory"]:
        raise InputError(
            "config key 'laboratory'",
            repr(config["laboratory"]),
            "nothing: each dandiset is one laboratory's",
        )
    listed = _listed(config["dandi"])
    for lab, facts in named.items():
        of_lab = [asset for asset in listed if asset.lab == lab]
        _require_same(lab, facts, of_lab, config["dandi"]["manifest"])
        _require_listed(lab, facts, of_lab)
    kept = [
        asset
        for asset in listed
        if asset.lab in named and asset.path not in named[asset.lab].get("leave_out", {})
    ]
    _require_one_lab(kept)
    return {slug(f"{asset.lab}/{asset.path}"): asset for asset in kept}


def _listed(dandi: dict) -> list[Asset]:
    path = dandi["manifest"]
    if not os.path.exists(path):
        # the archive's client takes seconds to load, and is needed this once
        from chromapal.worms.dandi import listing

        manifest.write(listing.list_assets(dandi["api"], dandi["dandisets"]), path)
    return sorted(manifest.read(path), key=lambda asset: (asset.lab, asset.path))


def _require_same(lab: str, facts: dict, of_lab: list[Asset], path: str):
    stated = (facts["id"], facts["version"])
    others = sorted({(asset.dandiset, asset.version) for asset in of_lab} - {stated})
    if not of_lab or others:
        found = f"dandiset {'/'.join(others[0])}" if others else "no file"
        raise InputError(
            path,
            f"{found} for laboratory {lab}",
            f"dandiset {'/'.join(stated)}, as the study says",
            "remove the file to have the archive asked again, or name another: dandi.manifest",
        )


def _require_one_lab(kept: list[Asset]):
    """Refuse an animal twice, which would be trained on and tested."""
    first: dict[tuple[str, str], str] = {}
    for asset in kept:
        lab = first.setdefault((asset.dandiset, asset.path), asset.lab)
        if lab != asset.lab:
            raise InputError(
                "config key 'dandi.dandisets'",
                f"{asset.path!r} of dandiset {asset.dandiset} as {lab}'s and as {asset.lab}'s",
                "each file as one laboratory's",
                f"leave it out of one: dandi.dandisets.{asset.lab}.leave_out",
            )


def _require_listed(lab: str, facts: dict, of_lab: list[Asset]):
    paths = [asset.path for asset in of_lab]
    for path in facts.get("leave_out", {}):
        if path not in paths:
            close = difflib.get_close_matches(path, paths, n=3, cutoff=0)
            raise InputError(
                f"config key 'dandi.dandisets.{lab}.leave_out'",
                f"{path!r}, which is no file of dandiset {facts['id']}",
                f"a path such as {', '.join(close)}",
            )
