"""The drawn panels, looked at in a real browser: line, band and threshold are on the canvas, nothing is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promproof.report.drawings import Curve, Drawing
from promproof.report.panels import ASSETS, page, write
from promproof.verdict import Outcome, Verdict
from tests.browser.chromium import BROWSER, Chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not there: apt-get install chromium"
    ),
]
TIMES = tuple(float(t) for t in range(40))
# The second of the page's colours is for the second line, and so on (panels.js).
BLUE, ORANGE, RED = (9, 105, 218), (188, 76, 0), (209, 36, 47)


def curve(name: str, level: float, **changes: Any) -> Curve:
    values = tuple(level for _ in TIMES)
    low, high = tuple(level * 0.8 for _ in TIMES), tuple(level * 1.2 for _ in TIMES)
    return Curve(**{"name": name, "times": TIMES, "values": values, "low": low, "high": high, **changes})


def drawing(name: str, *curves: Curve, **changes: Any) -> Drawing:
    verdict = Verdict(f"panel/d/{name}/values", Outcome.PASS, "40 points agree")
    fields: dict[str, Any] = {
        "claim": f"panel/d/{name}",
        "dashboard": "D",
        "title": name,
        "unit": "seconds",
        "queries": ("up",),
        "curves": curves,
        "series": len(curves),
        "verdicts": (verdict,),
    }
    return Drawing(**{**fields, **changes})


HOSTILE = '</script><script>document.title="taken"</script><img src=x onerror=1>'
NONE = tuple(None for _ in TIMES)
PAGES = (
    drawing("two", curve("a", 1.0), curve("b", 2.0), line=1.5),
    drawing("open", curve("a", 1.0, low=NONE, high=NONE)),
    drawing("gap", curve("a", 1.0, values=(*(1.0 for _ in TIMES[:20]), *(None for _ in TIMES[20:])))),
    drawing("single", Curve("x", (1.0,), (3.0,), (2.5,), (3.5,)), unit="USD"),
    drawing("empty", note="the metric is gone"),
    drawing("hostile", curve(HOSTILE, 1.0), title=HOSTILE, queries=(HOSTILE,)),
)
# How many pixels of a canvas have nearly this colour; in a part of it when x0 and x1 are given (0 to 1).
PIXELS = """((claim, color, x0, x1) => {
  const canvas = document.querySelector(`[data-claim="${claim}"] canvas`);
  const from = Math.floor(canvas.width * x0), width = Math.floor(canvas.width * (x1 - x0));
  const image = canvas.getContext("2d").getImageData(from, 0, width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < image.length; i += 4) {
    if (image[i + 3] > 150 && color.every((part, k) => Math.abs(image[i + k] - part) < 40)) count += 1;
  }
  return count;
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    folder = tmp_path_factory.mktemp("browser")
    write(folder / "panels.html", "a run", PAGES)
    with Chromium(folder) as browser:
        browser.open(
            (folder / "panels.html").as_uri(), 'document.body && document.body.dataset.ready === "yes"'
        )
        yield browser


def pixels(browser: Chromium, name: str, color: tuple[int, ...], x0: float = 0.0, x1: float = 1.0) -> int:
    return int(browser.evaluate(f"{PIXELS}('panel/d/{name}', {list(color)}, {x0}, {x1})"))


def test_the_lines_and_the_threshold_are_drawn(browser: Chromium) -> None:
    for color in (BLUE, ORANGE, RED):
        assert pixels(browser, "two", color) > 100


def test_the_band_of_the_truth_is_drawn_where_the_truth_is_known(browser: Chromium) -> None:
    count = """(claim => {
      const canvas = document.querySelector(`[data-claim="${claim}"] canvas`);
      const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let i = 0; i < image.length; i += 4) {
        if (image[i + 3] > 10 && image[i + 3] < 120 && image[i + 2] > image[i] + 80) count += 1;
      }
      return count;
    })"""
    assert browser.evaluate(f"{count}('panel/d/two')") > 1000
    assert browser.evaluate(f"{count}('panel/d/open')") < 200


def test_a_line_stops_where_there_is_no_value(browser: Chromium) -> None:
    assert pixels(browser, "gap", BLUE, 0.2, 0.45) > 50
    assert pixels(browser, "gap", BLUE, 0.65, 0.95) == 0


def test_single_values_are_a_table_with_their_truth(browser: Chromium) -> None:
    text = browser.evaluate("""document.querySelector('[data-claim="panel/d/single"] table').innerText""")
    assert text.split() == ["series", "panel", "truth", "x", "$3", "$2.5", "to", "$3.5"]


def test_a_chart_is_drawn_when_it_comes_near_the_window_and_all_are_for_paper(tmp_path: Path) -> None:
    many = tuple(drawing(f"panel-{number}", curve("a", 1.0)) for number in range(40))
    (tmp_path / "panels.html").write_text(page("a run", many), encoding="utf-8")
    drawn = 'document.querySelectorAll(".plot canvas").length'
    with Chromium(tmp_path) as other:
        other.open(
            (tmp_path / "panels.html").as_uri(), 'document.body && document.body.dataset.ready === "yes"'
        )
        assert 2 <= other.evaluate(drawn) < 20
        other.evaluate("document.querySelector('[data-claim=\"panel/d/panel-39\"]').scrollIntoView()")
        other.wait("document.querySelector('[data-claim=\"panel/d/panel-39\"] canvas')")
        other.evaluate('dispatchEvent(new Event("beforeprint"))')
        assert other.evaluate(drawn) == 40


def test_an_empty_panel_says_why(browser: Chromium) -> None:
    text = browser.evaluate("""document.getElementById('panel/d/empty').innerText""")
    assert "the metric is gone" in text
    assert "no series came back" in text


def test_markup_in_a_name_is_not_run(browser: Chromium) -> None:
    assert browser.evaluate("document.title") == "a run: panels"
    assert browser.evaluate("document.images.length") == 0
    assert pixels(browser, "hostile", BLUE) > 100


def test_the_page_requests_nothing_and_logs_no_error(browser: Chromium) -> None:
    assert [url for url in browser.requested() if not url.startswith("file:")] == []
    assert browser.troubles() == []


def test_a_page_without_its_drawing_code_shows_no_line(tmp_path: Path) -> None:
    text = page("a run", PAGES).replace(
        "stroke: color, width: 2, spanGaps: false", 'stroke: "#0000", width: 0'
    )
    (tmp_path / "panels.html").write_text(text, encoding="utf-8")
    with Chromium(tmp_path) as other:
        other.open(
            (tmp_path / "panels.html").as_uri(), 'document.body && document.body.dataset.ready === "yes"'
        )
        assert pixels(other, "two", ORANGE) < 100


def test_the_chart_library_has_its_recorded_checksums() -> None:
    folder = ASSETS.joinpath("uplot")
    for line in folder.joinpath("SHA256SUMS").read_text(encoding="utf-8").splitlines():
        wanted, name = line.split()
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == wanted
