"""A small DANDI archive on this machine: the client's endpoints, ranges, and faults to order."""

import gc
import hashlib
import json
import re
import socket
import sys
import threading
import uuid
from collections import Counter, defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DATE = "2024-10-09T00:00:00Z"
PIECE = 1 << 14
ROUTES = {
    "list": r"/api/dandisets/(\d{6})/versions/([^/]+)/assets/",
    "metadata": r"/api/dandisets/(?:\d{6})/versions/(?:[^/]+)/assets/([0-9a-f-]{36})/",
    "token": r"/api/auth/token",
    "download": r"/api/assets/([0-9a-f-]{36})/download/",
    "blob": r"/store/([0-9a-f-]{36})",
}


class Archive:
    """Serve files; count the bytes that travel; fail where requested.

    `faults[kind]` lists what happens to the next requests of a kind (a key of `ROUTES`): a status,
    a status with headers, "cut" (half of the body, then silence), "whole" (200 and everything),
    "shifted" (another range than asked for), or None (nothing). `always[kind]` holds for the rest.
    """

    def __init__(self, page: int = 100):
        self.page = page
        self.files: dict[str, dict] = {}
        self.faults: dict[str, deque] = defaultdict(deque)
        self.always: dict[str, object] = {}
        self.sent: Counter = Counter()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.token = self.pages = ""
        self.signature = 0
        self.lock = threading.Lock()

    def __enter__(self):
        # A collection in a thread of this server would wait for HDF5's lock, which a test that
        # reads a file holds while it waits for this server.
        gc.disable()
        handler = type("Handler", (_Handler,), {"archive": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        gc.enable()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api"

    def add(self, dandiset: str, version: str, path: str, file: Path, digest: dict | None = None):
        """Publish a file; returns its identifier."""
        identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{dandiset}/{path}"))
        if digest is None:
            with open(file, "rb") as data:
                digest = {"dandi:sha2-256": hashlib.file_digest(data, "sha256").hexdigest()}
        size = file.stat().st_size
        facts = {"dandiset": (dandiset, version), "path": path, "file": file, "size": size}
        self.files[identifier] = {**facts, "digest": digest}
        return identifier

    @property
    def host(self) -> str:
        """What CHROMAPAL_DANDI_HOST says where this archive may get the user's key."""
        return f"127.0.0.1:{self.server.server_port}"

    def count(self, kind: str) -> int:
        return sum(asked == kind for asked, _ in self.asked)

    def next_fault(self, kind: str):
        with self.lock:
            return self.faults[kind].popleft() if self.faults[kind] else self.always.get(kind)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        if not isinstance(sys.exception(), OSError):  # a client that hung up
            super().handle_error(*_)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: Archive

    def log_message(self, *_):
        pass

    def do_GET(self):
        address = urlsplit(self.path)
        matches = {kind: re.fullmatch(route, address.path) for kind, route in ROUTES.items()}
        kind = next((kind for kind, match in matches.items() if match), "")
        if not kind:
            return self._status(404)
        with self.archive.lock:
            self.archive.asked.append((kind, dict(self.headers)))
        fault = self.archive.next_fault(kind)
        status, headers = fault if isinstance(fault, tuple) else (fault, {})
        if isinstance(status, int):
            return self._status(status, headers)
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        return getattr(self, f"_{kind}")(*matches[kind].groups(), query=query, fault=fault)

    def _status(self, status: int, headers: dict[str, str] | None = None):
        self._send(status, f"status {status}".encode(), headers)

    def _json(self, content: object):
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _allowed(self) -> bool:
        token = self.archive.token
        return not token or self.headers.get("Authorization") == f"token {token}"

    def _token(self, query, fault):
        return self._json({}) if self._allowed() else self._status(401)

    def _list(self, dandiset, version, query, fault):
        found = [
            {
                "asset_id": key, "path": facts["path"], "size": facts["size"], "blob": key,
                "created": DATE, "modified": DATE,
            }
            for key, facts in self.archive.files.items()
            if facts["dandiset"] == (dandiset, version)
        ]  # fmt: skip
        if not found:
            return self._status(404)
        found.sort(key=lambda asset: asset["path"])
        page, size = int(query.get("page", 1)), self.archive.page
        path = urlsplit(self.path).path.removeprefix("/api")
        more = f"{self.archive.pages or self.archive.api}{path}?order=path"
        return self._json(
            {
                "count": len(found),
                "next": f"{more}&page={page + 1}" if len(found) > page * size else None,
                "previous": None,
                "results": found[(page - 1) * size : page * size],
            }
        )

    def _metadata(self, asset, query, fault):
        return self._json({"digest": self.archive.files[asset]["digest"]})

    def _download(self, asset, query, fault):
        if asset not in self.archive.files or not self._allowed():
            return self._status(404 if asset not in self.archive.files else 401)
        # another host's name: a client must not send its key there
        host = f"http://localhost:{self.server.server_port}"
        address = f"{host}/store/{asset}?signature={self.archive.signature}"
        return self._send(302, b"", {"Location": address})

    def _blob(self, asset, query, fault):
        facts = self.archive.files[asset]
        if query.get("signature") != str(self.archive.signature):
            return self._status(403)
        start, stop, size = 0, facts["size"], facts["size"]
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and fault != "whole":
            start, stop = int(asked[1]), min(int(asked[2]) + 1, size)
            if fault == "shifted":
                start, stop = start + 1, stop + 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        self._body(facts["file"], start, start + (stop - start) // 2 if fault == "cut" else stop)
        if fault == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self, file: Path, start: int, stop: int):
        with open(file, "rb") as data:
            data.seek(start)
            while start < stop:
                piece = data.read(min(PIECE, stop - start))
                try:
                    self.wfile.write(piece)
                except OSError:  # the client hung up
                    self.close_connection = True
                    return
                start += len(piece)
                self.archive.sent["blob"] += len(piece)
