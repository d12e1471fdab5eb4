"""Which servers the user's key of the archive may go to."""

import os
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

KEY = "DANDI_API_KEY"
# One more host, for an archive of one's own: `HOST` or `HOST:PORT`.
MORE = "CHROMAPAL_DANDI_HOST"
HOSTS = frozenset(
    {"api.dandiarchive.org", "api.sandbox.dandiarchive.org", "api-staging.dandiarchive.org"}
)
# What is sent there does not leave the machine.
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def trusted(url: str) -> bool:
    """Return whether an address is one of the archive's hosts, or the one in `MORE`, by https.

    A study's file names the archive's address, and may be somebody else's. On this machine itself
    the host in `MORE` may be asked by http as well.
    """
    try:
        # as the library that sends reads it: two readers may see two hosts in one address
        prepared = requests.Request("GET", url).prepare().url or ""
        parts = urlsplit(prepared)
        host, port = parts.hostname or "", parts.port
    except (requests.RequestException, ValueError):
        return False
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    name = host if port in (None, usual) else f"{host}:{port}"
    more = os.environ.get(MORE, "").strip().lower()
    if parts.scheme == "http":
        return host in LOCAL and name == more
    return parts.scheme == "https" and (name in HOSTS or (bool(more) and name == more))


def key_for(url: str) -> str:
    """Return the user's key if it may be sent to an address, else ""."""
    return os.environ.get(KEY, "") if trusted(url) else ""


def expected(url: str) -> str:
    """Say in a message what a server that refused to answer may want."""
    if trusted(url):
        return f"a valid key in {KEY} (a dry run sends none), or none"
    return f"files for everyone: {KEY} goes by https to the archive's hosts and to {MORE} only"


class KeyGuard(HTTPAdapter):
    """Send requests, without their key wherever it may not go.

    This is the last step before the network: it holds for redirects, and for addresses that a
    server's answer names, too.
    """

    def send(self, request: requests.PreparedRequest, **keys) -> requests.Response:
        """Send one request."""
        if not trusted(request.url or ""):
            request.headers.pop("Authorization", None)
        return super().send(request, **keys)
