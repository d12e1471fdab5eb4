"""List the NWB files of a version of a dandiset in the DANDI archive."""

import logging
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from dandi.consts import RETRY_STATUSES, DandiInstance
from dandi.dandiapi import DandiAPIClient, RemoteAsset
from dandi.exceptions import NotFoundError

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.worms.dandi import key
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.dandi.transfer import LONGEST_STATED_WAIT, stated_wait

LOGGER = logging.getLogger(__name__)
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two chunks
# Digests of the archive, the strongest first.
DIGESTS = {"dandi:sha2-256": "sha256", "dandi:dandi-etag": "dandi-etag"}


class _LongWait(requests.RequestException):
    """The archive asks to wait longer than is sensible."""


class _BoundedWaits(key.KeyGuard):
    """Set the time-out that the client does not set, and limit how long it waits."""

    def send(self, request, **keys):
        """Send one request."""
        response = super().send(request, **{**keys, "timeout": keys.get("timeout") or TIMEOUT})
        # the client would wait for a week, silently
        wait = stated_wait(response.headers.pop("Retry-After", ""))
        if wait and response.status_code in RETRY_STATUSES:
            if wait > LONGEST_STATED_WAIT:
                raise _LongWait(f"a requested wait of {wait:.0f} s", response=response)
            response.headers["Retry-After"] = str(math.ceil(wait))
            host = urlsplit(request.url).hostname
            LOGGER.warning("status %d: %s asks to wait %.0f s", response.status_code, host, wait)
        return response


def list_assets(api: str, dandisets: dict[str, dict]) -> list[Asset]:
    """List the NWB files of dandisets, with size and checksum.

    The client tries again after 429, 5xx and broken connections, for about a minute, or as long
    as the archive asks for, unless that is longer than `transfer.LONGEST_STATED_WAIT`. An API key
    is taken from the environment variable `DANDI_API_KEY` alone, where it is set, and goes to
    hosts of the archive only (`chromapal.worms.dandi.key`).

    Parameters
    ----------
    api : str
        The archive's API, such as `https://api.dandiarchive.org/api`.
    dandisets : dict of str to dict
        `id` and `version` by laboratory.

    Returns
    -------
    list of Asset

    Raises
    ------
    InputError
        No such dandiset or version, one without NWB files, a file without checksum, a refused
        key, no response, or a request to wait for long.
    """
    found: list[tuple[str, RemoteAsset]] = []
    host = urlsplit(api).hostname or api
    with _client(api) as client:
        for lab, facts in dandisets.items():
            where = f"dandiset {facts['id']}/{facts['version']} of laboratory {lab}"
            with _one_line_errors(where, api):
                listed = client.get_dandiset(facts["id"], facts["version"]).get_assets("path")
                files = [asset for asset in listed if asset.path.lower().endswith(".nwb")]
            if not files:
                raise InputError(where, "no NWB file", "one file per worm")
            found += [(lab, asset) for asset in files]
        with _one_line_errors("the list of files", api):
            return [
                _described(lab, asset)
                for lab, asset in progress(found, len(found), f"listing files of {host}")
            ]


def _client(api: str) -> DandiAPIClient:
    # the client would otherwise report its start to a third party
    os.environ.setdefault("DANDI_NO_ET", "1")
    # it also prints the errors it raises
    logging.getLogger("dandi").setLevel(logging.CRITICAL + 1)
    # with an instance, the client does not look the address up among known ones
    name = urlsplit(api).netloc
    client = DandiAPIClient(dandi_instance=DandiInstance(name=name, gui=None, api=api))
    for scheme in ("http://", "https://"):
        client.session.mount(scheme, _BoundedWaits())
    if token := key.key_for(api):
        with _one_line_errors("the list of files", api):
            client.authenticate(token)
    return client


def _described(lab: str, asset: RemoteAsset) -> Asset:
    digests = asset.get_raw_metadata().get("digest", {})
    checksum = next(
        (f"{short}:{digests[name]}" for name, short in DIGESTS.items() if name in digests), ""
    )
    if not checksum:
        raise InputError(
            f"{asset.dandiset_id}/{asset.version_id}/{asset.path}",
            "no checksum in the archive",
            f"one of {', '.join(DIGESTS)}",
        )
    return Asset(
        lab, asset.dandiset_id, asset.version_id, asset.identifier, asset.path, asset.size, checksum
    )


@contextmanager
def _one_line_errors(where: str, api: str) -> Iterator[None]:
    """Turn the client's errors into one line, without addresses or headers."""
    host = urlsplit(api).hostname or api
    try:
        yield
    except _LongWait as error:
        raise InputError(
            where,
            f"status {error.response.status_code} from {host}, with {error}",
            "a list of files",
            "start the study again later",
        ) from None
    except NotFoundError:
        raise InputError(where, f"nothing of that name at {host}", "a published version") from None
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        refused = status in (401, 403)
        raise InputError(
            where,
            f"status {status} from {host}",
            key.expected(api) if refused else "a list of files",
            "" if refused else "start the study again later",
        ) from None
    except requests.RequestException as error:
        raise InputError(
            where,
            f"no response from {host} ({type(error).__name__})",
            "a network connection to the archive",
            "start the study again; later runs need only the manifest",
        ) from None
