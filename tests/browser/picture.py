"""The picture of the report in the documentation, and whether the page still draws it so.

`python -m tests.browser.picture RUN [DRILL]` makes it anew. RUN is the folder of a green run of `promproof drill`, and
DRILL the name of one of its drills, the first one unless given. The file holds the fingerprint of how the page drew the
drill that is recorded for the tests (tests/evidence), so that a test tells without a browser that the drawing has
changed since. Pixels are not compared: fonts differ from machine to machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from promproof.cli.report import subject_of
from promproof.places import REPOSITORY
from promproof.report.page.document import page
from tests.browser.chromium import Chromium
from tests.report.stored import subject

PICTURE = REPOSITORY / "docs" / "report.png"
WIDTH, MARGIN = 1280, 12
READY = 'document.body && document.body.dataset.ready === "yes"'
KEY = b"promproof"
_LANE = re.compile(r'<div class="beside">.*?<ul class="chips">', re.DOTALL)


def fingerprint() -> str:
    """Of how the page draws the recorded drill: its lanes and the table of its hops.

    Styles and the texts of verdicts are left out: they change for the sake of other parts.
    """
    lane = _LANE.search(page(subject("drill")))
    assert lane is not None
    return hashlib.sha256(lane[0].encode()).hexdigest()


def written(png: bytes) -> str:
    """The fingerprint that a picture holds; empty without one."""
    found = re.search(rb"tEXt" + KEY + rb"\0([0-9a-f]{64})", png)
    return found[1].decode() if found else ""


def with_fingerprint(png: bytes, said: str) -> bytes:
    """A picture with its fingerprint as a text chunk before the end (PNG specification, 11.3.4.3)."""
    body = b"tEXt" + KEY + b"\0" + said.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = png.rindex(b"IEND") - 4
    return png[:end] + chunk + png[end:]


def draw(browser: Chromium, text: str, path: Path, drill: str = "") -> None:
    """Write the picture of a drill of a page."""
    source = browser.folder / "picture.html"
    source.write_text(text, encoding="utf-8")
    browser.look(WIDTH, 900)
    browser.open(source.as_uri(), READY)
    chosen = json.dumps(f"#drill-{drill}" if drill else ".lane")
    left, top, width, height = browser.evaluate(f"""(() => {{
        const box = document.querySelector({chosen}).getBoundingClientRect();
        return [box.left + scrollX, box.top + scrollY, box.width, box.height];
    }})()""")
    browser.picture(path, left - MARGIN, top + 4, width + 2 * MARGIN, height)
    path.write_bytes(with_fingerprint(path.read_bytes(), fingerprint()))


def main(run: Path, drill: str = "") -> None:
    """Draw the lanes of a drill of a run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, Chromium(Path(made)) as browser:
        draw(browser, page(subject_of(run)), PICTURE, drill)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
