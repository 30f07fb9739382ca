"""The pictures of the documentation: parts of the pages of recorded runs, and how far one picture is from another.

`python -m tests.browser.picture` (`nox -s pictures`) makes them all anew from the runs that are recorded for the tests
(tests/evidence). Two things tell when one is old: the file holds the fingerprint of what the page drew, which a test
compares without a browser each day; and at night the pictures are made again, and looked at side by side.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from promproof.places import REPOSITORY
from promproof.report.page.document import page
from tests.browser.chromium import Chromium
from tests.report.stored import subject

DOCS = REPOSITORY / "docs"
WIDTH, MARGIN = 1280, 12
READY = 'document.body && document.body.dataset.ready === "yes"'
KEY, FONTS = b"promproof", b"fonts"
CELL = 8
"""Pixels, each way, that are looked at as one: so fonts that are drawn a little differently are alike."""
MOST_OF_SIZE = 0.03
"""A height may differ by so much: another font breaks a line elsewhere."""
MOST_OF_CELLS = 0.025
"""Of the cells so many may differ visibly: bands that are missing change half as many again."""
OF_OTHER_FONTS = 5
"""Where the letters are another font's, so many times as much may differ."""
AT_ONCE = "<style>* { content-visibility: visible !important }</style></head>"
"""A picture does not wait for somebody who scrolls."""


@dataclass(frozen=True)
class Picture:
    """A part of a page. run: the recorded one; selector: of the element; part: what of the page's text it shows."""

    name: str
    run: str
    selector: str
    part: re.Pattern[str]

    @property
    def path(self) -> Path:
        """The file."""
        return DOCS / f"{self.name}.png"


PICTURES = (
    Picture("report", "lane", ".lane", re.compile(r'<div class="beside">.*?<ul class="chips">', re.DOTALL)),
    Picture("red", "red", ".top", re.compile(r'<header class="top.*?</header>', re.DOTALL)),
)


def fingerprint(picture: Picture) -> str:
    """Of how the page draws what the picture shows. Styles are left out: they change for the sake of other parts."""
    found = picture.part.search(page(subject(picture.run)))
    assert found is not None
    return hashlib.sha256(found[0].encode()).hexdigest()


def written(png: bytes, key: bytes = KEY) -> str:
    """The fingerprint that a picture holds; empty without one."""
    found = re.search(rb"tEXt" + key + rb"\0([0-9a-f]{64})", png)
    return found[1].decode() if found else ""


def with_fingerprint(png: bytes, said: str, key: bytes = KEY) -> bytes:
    """A picture with its fingerprint as a text chunk before the end (PNG specification, 11.3.4.3)."""
    body = b"tEXt" + key + b"\0" + said.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = png.rindex(b"IEND") - 4
    return png[:end] + chunk + png[end:]


def draw(browser: Chromium, picture: Picture, text: str, path: Path) -> None:
    """Write a picture of a page."""
    source = browser.folder / "picture.html"
    source.write_text(text.replace("</head>", AT_ONCE, 1), encoding="utf-8")
    browser.look(WIDTH, 900)
    browser.open(source.as_uri(), READY)
    left, top, width, height = browser.evaluate(f"""(() => {{
        const box = document.querySelector({json.dumps(picture.selector)}).getBoundingClientRect();
        return [box.left + scrollX, box.top + scrollY, box.width, box.height];
    }})()""")
    left, right = max(left - MARGIN, 0), min(left + width + MARGIN, WIDTH)
    browser.picture(path, left, top, right - left, height)
    png = with_fingerprint(path.read_bytes(), fingerprint(picture))
    path.write_bytes(with_fingerprint(png, fonts(browser), FONTS))


def fonts(browser: Chromium) -> str:
    """A fingerprint of the fonts that the page open there is written in: how wide they write a text."""
    widths = browser.evaluate("""["system-ui", "monospace"].map((family) => {
        const context = new OffscreenCanvas(1, 1).getContext("2d");
        context.font = "100px " + family;
        return context.measureText("promproof 0123456789 AVWe").width;
    })""")
    return hashlib.sha256(json.dumps(widths).encode()).hexdigest()


@dataclass(frozen=True)
class Difference:
    """How far two pictures are from each other: shares of the size and of the cells, 0 of equal ones.

    same_fonts: whether they are written in the same ones.
    """

    size: float
    cells: float
    same_fonts: bool = True

    @property
    def is_seen(self) -> bool:
        """Whether somebody who looks at both would call them different pictures."""
        allowed = 1 if self.same_fonts else OF_OTHER_FONTS
        return self.size > allowed * MOST_OF_SIZE or self.cells > allowed * MOST_OF_CELLS


def difference(browser: Chromium, one: bytes, other: bytes) -> Difference:
    """Compare two PNG files as somebody sees them who does not look at single pixels."""
    sources = [base64.b64encode(png).decode() for png in (one, other)]
    size, cells = browser.evaluate(f"({_COMPARE})({json.dumps(sources)}, {CELL})")
    return Difference(size, cells, written(one, FONTS) == written(other, FONTS))


_COMPARE = """async (sources, cell) => {
  const images = await Promise.all(sources.map(async (source) => {
    const image = new Image();
    image.src = "data:image/png;base64," + source;
    await image.decode();
    return image;
  }));
  const [one, other] = images;
  const size = Math.max(Math.abs(other.width / one.width - 1), Math.abs(other.height / one.height - 1));
  const [width, height] = [Math.round(one.width / cell), Math.round(one.height / cell)];
  const [before, after] = images.map((image) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  });
  let differing = 0;
  for (let i = 0; i < before.length; i += 4) {
    const far = [0, 1, 2].some((k) => Math.abs(before[i + k] - after[i + k]) > 16);
    differing += far;
  }
  return [size, differing / (width * height)];
}"""


def main() -> None:
    """Make all pictures anew."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, Chromium(Path(made)) as browser:
        for picture in PICTURES:
            draw(browser, picture, page(subject(picture.run)), picture.path)
            sys.stdout.write(f"{picture.path.relative_to(REPOSITORY)}\n")


if __name__ == "__main__":
    main()
