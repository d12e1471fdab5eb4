"""Which files of the DANDI archive a study reads; standard library only.

The archive is queried once: the result is written to the manifest, which is all that later runs
read.
"""

import difflib
import os

from chromapal.errors import InputError
from chromapal.worms.dandi import manifest
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.slugs import slugs


def check_dry_run(config: dict):
    """Refuse to ask a server that a study's file names, as its dry run has to.

    A dry run of somebody's file has to be harmless: only the archive's own hosts are asked for
    their list of files, and without the user's key.

    Raises
    ------
    InputError
        There is no manifest, and the server is none of the archive's.
    """
    if config["source"] != "dandi" or os.path.exists(config["dandi"]["manifest"]):
        return
    os.environ.pop("DANDI_API_KEY", None)
    # takes a fifth of a second to import, and is needed only here
    from chromapal.worms.dandi import key

    api = config["dandi"]["api"]
    if not key.trusted(api):
        raise InputError(
            "config key 'dandi.api'",
            f"{api!r}, which a dry run does not ask for its files",
            f"an https address of {', '.join(sorted(key.HOSTS))} or {key.MORE}",
            "start the study without -n once: it lists the files in dandi.manifest",
        )


def assets(config: dict) -> dict[str, Asset]:
    """Map a file-safe key to each file that the study reads.

    Parameters
    ----------
    config : dict
        The study's validated keys.

    Returns
    -------
    dict of str to Asset
        In the order of laboratories and paths; without the files that the study excludes. Empty for
        another source.

    Raises
    ------
    InputError
        No dandiset is named, the manifest is damaged or of other dandisets or versions, an
        excluded file is not in it, or a file belongs to two laboratories; or the archive cannot
        be listed.
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
            "nothing: each dandiset belongs to one laboratory",
        )
    listed = _listed(config["dandi"])
    for lab, facts in named.items():
        of_lab = [asset for asset in listed if asset.lab == lab]
        _require_same(lab, facts, of_lab, config["dandi"]["manifest"])
        _require_listed(lab, facts, of_lab)
    used = [
        asset
        for asset in listed
        if asset.lab in named and asset.path not in named[asset.lab].get("leave_out", {})
    ]
    _require_one_lab(used)
    keys = slugs(f"{asset.lab}/{asset.path}" for asset in used)
    return {keys[f"{asset.lab}/{asset.path}"]: asset for asset in used}


def _listed(dandi: dict) -> list[Asset]:
    path = dandi["manifest"]
    if not os.path.exists(path):
        # the archive's client takes seconds to import, and is needed only here
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
            "remove the file to list the archive's files again, or set dandi.manifest to another",
        )


def _require_one_lab(used: list[Asset]):
    """Refuse a repeated worm, which could be both in training and test."""
    first: dict[tuple[str, str], str] = {}
    for asset in used:
        lab = first.setdefault((asset.dandiset, asset.path), asset.lab)
        if lab != asset.lab:
            raise InputError(
                "config key 'dandi.dandisets'",
                f"{asset.path!r} of dandiset {asset.dandiset} for both {lab} and {asset.lab}",
                "each file for one laboratory",
                f"exclude it from one: dandi.dandisets.{asset.lab}.leave_out",
            )


def _require_listed(lab: str, facts: dict, of_lab: list[Asset]):
    paths = [asset.path for asset in of_lab]
    for path in facts.get("leave_out", {}):
        if path not in paths:
            close = difflib.get_close_matches(path, paths, n=3, cutoff=0)
            raise InputError(
                f"config key 'dandi.dandisets.{lab}.leave_out'",
                f"{path!r}, which is not a file of dandiset {facts['id']}",
                f"a path such as {', '.join(close)}",
            )
