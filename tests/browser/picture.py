"""The picture of the report in the documentation: `python -m tests.browser.picture RUN [DRILL]` makes it anew.

RUN is the folder of a run of `promproof drill`; DRILL the name of one of its drills, the first one unless given.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from promproof.cli.report import subject_of
from promproof.places import REPOSITORY
from promproof.report.index import write_page
from tests.browser.chromium import Chromium

PICTURE = REPOSITORY / "docs" / "report.png"
WIDTH = 1280


def main(run: Path, drill: str = "") -> None:
    """Draw the lanes of a drill of a run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        path = write_page(folder, subject_of(run))
        with Chromium(folder) as browser:
            browser.look(WIDTH, 900)
            browser.open(path.as_uri(), 'document.body && document.body.dataset.ready === "yes"')
            chosen = json.dumps(f"#drill-{drill}" if drill else ".lane")
            box = browser.evaluate(f"""(() => {{
                const box = document.querySelector({chosen}).getBoundingClientRect();
                return [box.left + scrollX - 12, box.top + scrollY + 4, box.width + 24, box.height];
            }})()""")
            browser.picture(PICTURE, *box)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
