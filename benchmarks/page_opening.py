"""What opening a report takes in headless Chromium: CPU seconds of the page's main thread, and the time by the clock.

    python -m benchmarks.page_opening reports/latest            # five openings; a folder of a run, or an HTML file
    python -m benchmarks.page_opening BEFORE.html AFTER.html    # two reports beside each other

Each page is opened as it is, and once more with everything drawn at once, as if it were all in the window. CPU seconds
are what the browser's own metrics say (DevTools protocol, Performance.getMetrics, thread ticks), from the begin of the
navigation until the first frame is drawn: a busy machine hardly changes them, as it does the clock. Medians of all.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.browser.chromium import Chromium

READY = 'document.body && document.body.dataset.ready === "yes"'
WINDOW = (1440, 900)
AT_ONCE = "<style>* { content-visibility: visible !important }</style></head>"
PARTS = {
    "parse, rest": "",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
    "script": "ScriptDuration",
}
ELEMENTS = 'document.getElementsByTagName("*").length'
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(performance.now()))))"


@dataclass(frozen=True)
class Opening:
    """One opening. cpu: CPU seconds of the main thread, by part; clock: seconds until the page was drawn."""

    cpu: float
    parts: dict[str, float]
    clock: float
    elements: int


def opened(browser: Chromium, page: Path) -> Opening:
    """Open a page, and wait until it is drawn."""
    browser.open("about:blank", "true")
    before = browser.metrics()
    browser.open(page.as_uri(), READY)
    clock = browser.evaluate(DRAWN) / 1000
    after = browser.metrics()
    # a page in a process of its own begins to count at nothing
    anew = after["TaskDuration"] < before["TaskDuration"]
    spent = {name: value - (0.0 if anew else before[name]) for name, value in after.items()}
    cpu = spent["TaskDuration"] - spent.get("DevToolsCommandDuration", 0.0)
    known = {name: spent[metric] for name, metric in PARTS.items() if metric}
    return Opening(
        cpu, {"parse, rest": cpu - sum(known.values()), **known}, clock, int(browser.evaluate(ELEMENTS))
    )


def pages(named: Sequence[Path], folder: Path) -> Iterator[tuple[str, int, Path]]:
    """Each page as it is and with everything drawn at once: a label, its size in bytes, its place."""
    for number, place in enumerate(named):
        page = place / "index.html" if place.is_dir() else place
        text = page.read_text(encoding="utf-8")
        at_once = folder / f"{number}.html"
        at_once.write_text(text.replace("</head>", AT_ONCE, 1), encoding="utf-8")
        yield f"{place.name}", page.stat().st_size, page.resolve()
        yield "  all drawn at once", page.stat().st_size, at_once


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", nargs="+", type=Path, help="a run's folder, or an HTML file")
    parser.add_argument("--times", type=int, default=5, help="openings of each")
    given = parser.parse_args()
    head = "".join(f"{name:>13}" for name in ("CPU, s", *PARTS, "clock, s", "elements", "MB"))
    print(f"{'page':32}{head}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, Chromium(Path(made)) as browser:
        browser.look(*WINDOW)
        for label, size, page in pages(given.page, Path(made)):
            found = [opened(browser, page) for _ in range(given.times)]
            row = [median(one.cpu for one in found)]
            row += [median(one.parts[name] for one in found) for name in PARTS]
            row += [median(one.clock for one in found)]
            cells = "".join(f"{value:13.3f}" for value in row)
            print(f"{label:32}{cells}{found[-1].elements:13d}{size / 1e6:13.2f}", flush=True)


if __name__ == "__main__":
    main()
