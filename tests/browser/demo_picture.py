"""The picture of the web UI's page in the documentation: a demonstration, seen while its alert fires.

`python -m tests.browser.demo_picture` (`nox -s pictures`) makes it anew. What it shows is live, so it is never
compared: the file holds the fingerprint of the script and the style sheet that draw the page, and a test compares that.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from promproof.places import PACKAGE, REPOSITORY
from promproof.stack.ports import allocate_ports
from tests.browser.chromium import Chromium
from tests.browser.picture import DOCS, with_fingerprint
from tests.load.processes import wait_for

PICTURE = DOCS / "ui.png"
ASSETS = tuple(PACKAGE / "live" / "assets" / name for name in ("page.js", "page.css"))
WIDTH = 1280
CLEAN_SECONDS = 15
"""of traffic before the fault, so that there is a course to be seen"""
DRAWN_SECONDS = 3
"""after the notification, so that the charts reach it"""
READY = "document.querySelectorAll('#verification canvas').length > 2"
PRESS = "document.querySelector('#verification-faults [data-key=ManyErrors-above]').click()"
HEIGHT = "document.getElementById('verification-events').getBoundingClientRect().bottom + scrollY"


def fingerprint() -> str:
    """Of what draws the page."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in ASSETS)).hexdigest()


def draw(folder: Path, path: Path) -> None:
    """Write the picture. folder: an empty one, in which the shop is demonstrated."""
    [port] = allocate_ports(1)
    command = [sys.executable, "-m", "promproof", "demo", "--web-port", str(port), "--seconds", "240"]
    output = folder / "out.txt"
    with output.open("wb") as stream:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        running = subprocess.Popen(
            command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT, env=environment
        )

    def said(words: str) -> bool:
        return re.search(words, output.read_text(encoding="utf-8")) is not None

    try:
        wait_for(lambda: said("press a button"), "the page", 120)
        with Chromium(folder) as browser:
            browser.look(WIDTH, 1000)
            browser.open(f"http://127.0.0.1:{port}/?tab=verification", READY)
            time.sleep(CLEAN_SECONDS)
            browser.evaluate(PRESS)
            wait_for(lambda: said("operator <- ManyErrors firing"), "the notification", 60)
            browser.wait("document.querySelector('#verification-events .told')")
            time.sleep(DRAWN_SECONDS)
            browser.picture(path, 0, 0, WIDTH, browser.evaluate(HEIGHT) + 16)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)
    path.write_bytes(with_fingerprint(path.read_bytes(), fingerprint()))


def main() -> None:
    """Make the picture anew."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        draw(Path(made), PICTURE)
    sys.stdout.write(f"{PICTURE.relative_to(REPOSITORY)}\n")


if __name__ == "__main__":
    main()
