"""Files by path or URL, checked either way, whole or not at all."""

import hashlib
import http.server
import re
import threading

import pytest

from chromapal.download import check, fetch
from chromapal.errors import InputError

CONTENT = bytes(range(256)) * 10
SECRET = "Signature=secret"


@pytest.fixture
def server():
    """Serve one file and count how often; `/short` promises more than it sends."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.path = self.path.split("?")[0]
            if self.path == "/absent":
                self.send_error(404)
                return
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", f"file:///a.bin?{SECRET}")
                self.end_headers()
                return
            if self.path == "/garbage":
                self.wfile.write(b"garbage\r\n")
                return
            if self.path == "/length":
                self.send_response(200)
                self.send_header("Content-Length", "much")
                self.end_headers()
                return
            if self.path == "/chunks":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"1000\r\nabc")
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT) + 5 * (self.path == "/short")))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["sha256:", "md5:", ""])
def test_a_file_is_downloaded_once_and_checked(kind, server, tmp_path):
    address, asked = server
    right = kind + hashlib.new(kind[:-1] or "sha256", CONTENT).hexdigest().upper()
    path = fetch(f"{address}/a.bin", right, tmp_path / "cache")
    assert path.read_bytes() == CONTENT and path.name.endswith("-a.bin")
    assert fetch(f"{address}/a.bin", right, tmp_path / "cache") == path
    assert asked == ["/a.bin"]
    assert fetch(f"{address}/folder/a.bin", right, tmp_path / "cache") != path
    path.write_bytes(b"changed since")
    with pytest.raises(InputError, match=r"a\.bin: found"):
        fetch(f"{address}/a.bin", right, tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.bin", "found md5 .*expected md5 00ff"),
        ("short", "a connection that was cut"),
        ("absent", "404.*expected the thing; put it there"),
        ("away", "a redirect to what is no web address"),
        ("garbage", r"a failed download \(no connection \(ConnectionError\)\);"),
        ("length", "no answer that can be read, ValueError"),
        ("chunks", "a connection that was cut"),
    ],
)
def test_a_bad_download_leaves_nothing(name, message, server, tmp_path):
    with pytest.raises(InputError, match=message) as error:
        fetch(f"{server[0]}/{name}", "md5:00FF", tmp_path / "cache", "the thing", "put it there")
    assert "\n" not in str(error.value) and SECRET not in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_paths_are_taken_as_they_are(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    assert fetch(str(tmp_path / "a"), "", tmp_path / "cache") == tmp_path / "a"
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match="no file; expected the thing; put it there"):
        fetch(str(tmp_path / "b"), "", tmp_path, "the thing", "put it there")
    with pytest.raises(InputError, match="sha256 or md5"):
        check(tmp_path / "a", "crc32:12", "a")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/my file.bin", "http://127.0.0.1:9/ü.bin", "http://host:port/a.bin",
        "http://[::1/a.bin", "http://:9/a.bin", "https:///a.bin",
    ],
)  # fmt: skip
def test_what_is_no_address_is_one_line(address, tmp_path):
    shown = re.escape(repr(address))
    with pytest.raises(InputError, match=f"^{shown}: found no address.*; expected the thing;"):
        fetch(f"{address}?{SECRET}", "", tmp_path, "the thing")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", [f"?{SECRET}", f"?{SECRET}" + "a" * 400, f"#{SECRET}"])
def test_a_signature_is_neither_a_file_name_nor_told(query, server, tmp_path):
    path = fetch(f"{server[0]}/a.bin{query}", "", tmp_path)
    assert path.read_bytes() == CONTENT and path.name.endswith("-a.bin")
    assert fetch(f"{server[0]}/{'b' * 300}.bin", "", tmp_path).name.endswith("b.bin")
    for name in ("absent", "short"):
        with pytest.raises(InputError) as error:
            fetch(f"{server[0]}/{name}{query}", "", tmp_path)
        assert SECRET not in str(error.value)
    with pytest.raises(InputError, match=r"^http://127[^ ]*/c\.bin: found sha256"):
        fetch(f"{server[0]}/c.bin{query}", "00", tmp_path)


def test_a_password_is_not_told(tmp_path):
    with pytest.raises(InputError, match=r"^'http://127\.0\.0\.1:9/a\.bin': found no address"):
        fetch(f"http://me:{SECRET}@127.0.0.1:9/a.bin", "", tmp_path)


def test_nobody_listening_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"failed download \(no connection \(ConnectionError"):
        fetch("http://127.0.0.1:9/a.bin", "", tmp_path)
