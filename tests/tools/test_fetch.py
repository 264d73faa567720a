"""Downloads, from a server on the loopback interface that can be told to misbehave."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convlens import fetch as fetch_module
from convlens.errors import UserError
from convlens.fetch import download, unpack

DATA = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves DATA as /file.bin. `cut_after` ends so many first answers early; `ranges` off ignores Range."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str | None] = []
        self.cuts: list[int] = []
        self.ranges = True

    @property
    def url(self) -> str:
        """Address of the file."""
        return f"http://127.0.0.1:{self.server_address[1]}/file.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the file, or the rest of it."""
        wanted = self.headers.get("Range")
        self.server.requests.append(wanted)
        if self.path != "/file.bin":
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.server.ranges else 0
        if start >= len(DATA):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(DATA)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(DATA) - start))
        self.end_headers()
        self.wfile.write(DATA[start : start + self.server.cuts.pop(0)] if self.server.cuts else DATA[start:])
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_download_and_cache(server: Server, tmp_path: Path) -> None:
    assert download(server.url, SHA256[:8], tmp_path).read_bytes() == DATA
    assert download(server.url, SHA256[:8], tmp_path).read_bytes() == DATA
    assert server.requests == [None]
    assert [p.name for p in tmp_path.iterdir()] == ["file.bin"]


def test_cut_off_transfer_is_resumed(server: Server, tmp_path: Path) -> None:
    server.cuts = [100_000, 50_000]
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA
    assert server.requests == [None, "bytes=100000-", "bytes=150000-"]


def test_a_later_run_goes_on(server: Server, tmp_path: Path) -> None:
    server.cuts = [1000] * fetch_module.ATTEMPTS
    with pytest.raises(UserError, match="it goes on where it stopped"):
        download(server.url, SHA256, tmp_path)
    had = fetch_module.ATTEMPTS * 1000
    assert (tmp_path / "file.bin.part").read_bytes() == DATA[:had]
    assert not (tmp_path / "file.bin").exists()
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA
    assert server.requests[-1] == f"bytes={had}-"


def test_a_server_without_ranges(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "file.bin.part").write_bytes(DATA[:777])
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA


def test_a_part_that_is_already_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(DATA)
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA


def test_a_part_that_is_too_long_starts_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(DATA + b"?")
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA


def test_bad_checksum(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"begins with {SHA256[:8]}, expected 01234567"):
        download(server.url, "01234567", tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_kind_of_checksum(server: Server, tmp_path: Path) -> None:
    source = {"url": server.url, "sha1": hashlib.sha1(DATA).hexdigest()}
    assert fetch_module.fetch(source, tmp_path).read_bytes() == DATA
    with pytest.raises(UserError, match="its sha1 begins with"):
        fetch_module.fetch({"url": server.url, "sha1": "01234567"}, tmp_path)


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(DATA[:-1])
    assert download(server.url, SHA256, tmp_path).read_bytes() == DATA


def test_missing_file_and_no_server(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="404"):
        download(server.url.replace("file", "other"), SHA256, tmp_path)
    with pytest.raises(UserError, match="cannot be downloaded"):
        download("http://127.0.0.1:9/file.bin", SHA256, tmp_path)


def test_unpack(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        archive.writestr("p/file.bin", DATA)
    wheel = tmp_path / "p.whl"
    assert unpack(wheel, "p/file.bin", SHA256[:8], tmp_path).read_bytes() == DATA
    with pytest.raises(UserError, match="no file p/other"):
        unpack(wheel, "p/other", "", tmp_path)
    with pytest.raises(UserError, match="begin with 0123"):
        unpack(wheel, "p/file.bin", "0123", tmp_path)
