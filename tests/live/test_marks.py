"""Where the names of what happened stand on the charts of the web UI's page: never one over the other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promproof.places import PACKAGE
from tests.browser.chromium import BROWSER, Chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not there: apt-get install chromium"
    ),
]


def test_names_of_marks_that_are_close_to_each_other_stand_below_each_other(tmp_path: Path) -> None:
    script = (PACKAGE / "live" / "assets" / "page.js").read_text(encoding="utf-8")
    found = re.search(r"const lowered = (.*?\n  \});", script, re.DOTALL)
    assert found is not None
    # fault; pending; firing and told at once; resolved
    marks = [[10, 20], [100, 40], [200, 30], [201, 20], [400, 45]]
    with Chromium(tmp_path) as browser:
        browser.open("about:blank", "true")
        assert browser.evaluate(f"({found[1]})({json.dumps(marks)}, 12)") == [0, 0, 0, 30, 0]
