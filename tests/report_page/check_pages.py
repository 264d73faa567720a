#!/usr/bin/env python3
"""Open the page of every algorithm in headless Chromium: check_pages.py VIZ_RUN [FOLDER].

No error on the console, every picture loaded, no wider than the window, not blank. The network is a small one with
random weights. FOLDER, if given, keeps the screenshots.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77
WIDTH, HEIGHT = 1200, 1600
PAGE_FACTS = """
const images = [...document.images];
return {images: images.length, broken: images.filter(i => !i.complete || !i.naturalWidth).length,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth};
"""


class Browser:
    """A headless Chromium, spoken to by the W3C's WebDriver protocol."""

    def __init__(self, address: str) -> None:
        """Begin a session at the driver of that address."""
        options = {
            "args": [
                "--headless=new",
                "--disable-gpu",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                f"--window-size={WIDTH},{HEIGHT}",
            ]
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self._address = f"{address}/session"
        self._address += "/" + self._post("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _post(self, command: str, body: dict[str, Any]) -> Any:
        answer = requests.post(self._address + command, json=body, timeout=60).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["message"])
        return answer

    def open(self, page: Path) -> None:
        """Load a page and everything on it."""
        self._post("/url", {"url": page.as_uri()})

    def evaluate(self, script: str) -> Any:
        """What a script on the page returns."""
        return self._post("/execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """What the page wrote there since the last call."""
        return [entry["message"] for entry in self._post("/se/log", {"type": "browser"})]

    def screenshot(self) -> Image.Image:
        """The window's pixels."""
        encoded = requests.get(self._address + "/screenshot", timeout=60).json()["value"]
        return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")

    def close(self) -> None:
        """End the session."""
        requests.delete(self._address, timeout=60)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser whose driver chose a free port."""
    with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        try:
            assert driver.stdout
            port = next(
                line.split("port ")[1].rstrip(".\n") for line in driver.stdout if "successfully on port" in line
            )
            opened = Browser(f"http://localhost:{port}")
            yield opened
            opened.close()
        finally:
            driver.terminate()


def make_page(viz_run: str, folder: Path, algorithm: str) -> Path:
    """Run one algorithm on a small photo."""
    config = {"algorithm": algorithm, "model": "cifar_resnet20", "image": "photo.png"}
    (folder / f"{algorithm}.json").write_text(json.dumps(config))
    subprocess.run([viz_run, f"{algorithm}.json", "--quiet"], cwd=folder, check=True)
    return folder / "out" / algorithm / "report.html"


def complaints(opened: Browser, page: Path, screenshot: Path | None) -> list[str]:
    """What is wrong with a page."""
    opened.open(page)
    facts, console, picture = opened.evaluate(PAGE_FACTS), opened.console(), opened.screenshot()
    if screenshot:
        picture.save(screenshot)
    found = [f"console: {line}" for line in console]
    if not facts["images"] or facts["broken"]:
        found.append(f"{facts['broken']} of {facts['images']} pictures are broken")
    if facts["overflow"] > 0:
        found.append(f"it is {facts['overflow']} pixels wider than the window")
    if np.asarray(picture, np.float32).std() < 5:
        found.append("the screenshot is blank")
    return found


def algorithms() -> list[str]:
    """All that need no more than a model and a photo: those whose example says nothing else."""
    configs = [json.loads(example.read_text()) for example in sorted((ROOT / "viz" / "examples").glob("*.json"))]
    return [config["algorithm"] for config in configs if config.keys() == {"algorithm", "model", "image"}]


def main() -> None:
    """Check every page; the exit code is the number of pages with complaints."""
    if not shutil.which("chromedriver"):
        print("skipped: Debian's chromium-driver is absent (tools/install_dependencies.sh --test)")
        sys.exit(SKIPPED)
    viz_run = str(Path(sys.argv[1]).resolve())
    kept = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as name, browser() as opened:
        folder = Path(name)
        tool = ROOT / "tools" / "make_random_model.py"
        subprocess.run([sys.executable, tool, "cifar_resnet20", "--out", folder], check=True, stdout=subprocess.DEVNULL)
        random = np.random.default_rng(1).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(random).resize((96, 96), Image.Resampling.BICUBIC).save(folder / "photo.png")
        failed = 0
        for algorithm in algorithms():
            found = complaints(opened, make_page(viz_run, folder, algorithm), kept and kept / f"{algorithm}.png")
            failed += bool(found)
            print(f"{algorithm}: {'; '.join(found) or 'as it should be'}")
        # The check itself: a page with a broken picture and a script, which its policy forbids, must not pass.
        bad = folder / "bad.html"
        bad.write_text("<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><img src='none.png'>")
        if len(complaints(opened, bad, None)) < 3:
            failed += 1
            print("a broken page passed")
    sys.exit(failed)


if __name__ == "__main__":
    main()
