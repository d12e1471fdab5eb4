"""Files by path or URL, checked either way, whole or not at all."""

import hashlib
import http.server
import threading

import pytest

from chromapal.download import check, fetch
from chromapal.errors import InputError

CONTENT = bytes(range(256)) * 10


@pytest.fixture
def server():
    """Serve one file and count how often; `/short` promises more than it sends."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path == "/absent":
                self.send_error(404)
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
        ("short", "2560 of 2565|failed"),
        ("absent", "404.*expected the thing; put it there"),
    ],
)
def test_a_bad_download_leaves_nothing(name, message, server, tmp_path):
    with pytest.raises(InputError, match=message) as error:
        fetch(f"{server[0]}/{name}", "md5:00FF", tmp_path / "cache", "the thing", "put it there")
    assert "\n" not in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_paths_are_taken_as_they_are(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    assert fetch(str(tmp_path / "a"), "", tmp_path / "cache") == tmp_path / "a"
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match="no file; expected the thing; put it there"):
        fetch(str(tmp_path / "b"), "", tmp_path, "the thing", "put it there")
    with pytest.raises(InputError, match="sha256 or md5"):
        check(tmp_path / "a", "crc32:12", "a")


def test_nobody_listening_is_one_line(tmp_path):
    with pytest.raises(InputError, match="failed download"):
        fetch("http://127.0.0.1:9/a.bin", "", tmp_path)
