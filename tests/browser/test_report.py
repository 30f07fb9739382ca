"""The page of a run in a real browser: narrow and wide, dark, printed, filtered, and looked at by axe-core."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.judging import Unjudged
from promproof.findings.setup import Setup
from promproof.places import REPOSITORY
from promproof.report.findings.forms import rendered
from promproof.report.index import write_page
from promproof.report.page.subject import Subject
from promproof.verdict import Outcome, Verdict
from tests.browser.chromium import BROWSER, Chromium
from tests.report.stored import subject

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not there: apt-get install chromium"
    ),
]
NARROW, BROAD = (375, 667), (1440, 900)
AXE_SECONDS = 600.0
"""axe-core says nothing until it has looked at all of a page: half a minute for 520 claims on a core of its own"""
READY = 'document.body && document.body.dataset.ready === "yes"'
FOUND = Checked(
    Setup(),
    Severity.WARNING,
    (
        Finding(
            "rule/le-dropped",
            Severity.ERROR,
            "r.yml",
            3,
            "groups[0]",
            "no le",
            "empty",
            "keep le",
            "$ x" * 90,
        ),
        Finding("grafana/unparsable", Severity.WARNING, "d" * 300, 7, "$.panels[0]", "</script>" * 40),
    ),
    {},
    (Unjudged(("rule/never-fires",), "Down", Place("r.yml", 4), "promtool is not here"),),
)
LONG = Verdict("panel/" + "very-long-" * 60 + "/values", Outcome.FAIL, "</script><b>‮مرحبا " + "x" * 900)


def many() -> list[Verdict]:
    """As many claims as the main job of the shipped service has, of all outcomes."""
    known = subject("red").verdicts
    others = [
        replace(verdict, claim=f"{verdict.claim}-{number}", outcome=outcome)
        for number in range(5)
        for outcome in Outcome
        for verdict in known
        if verdict.outcome is Outcome.PASS
    ]
    return [*known, *others][:520]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    folder = tmp_path_factory.mktemp("report")
    pages: dict[str, Subject] = {name: subject(name) for name in ("red", "drill")}
    pages["long"] = replace(subject("red"), verdicts=[LONG, *subject("red").verdicts])
    pages["one"] = replace(subject("red"), verdicts=subject("red").verdicts[:1])
    pages["many"] = replace(subject("red"), verdicts=many())
    for name, made in pages.items():
        (folder / name).mkdir()
        write_page(folder / name, made)
    (folder / "check").mkdir()
    (folder / "check" / "index.html").write_text(rendered(FOUND, "html"), encoding="utf-8")
    with Chromium(folder) as browser:
        yield browser


def show(
    chromium: Chromium, name: str, size: tuple[int, int], *, dark: bool = False, media: str = "", to: str = ""
) -> None:
    chromium.events.clear()
    chromium.look(*size, dark=dark, media=media)
    chromium.open((chromium.folder / name / "index.html").as_uri() + to, READY)
    assert not chromium.troubles()


def drawn_at_once(chromium: Chromium) -> None:
    """Have everything laid out, as if all of it had been scrolled to."""
    style = "<style>* { content-visibility: visible !important }</style>"
    chromium.evaluate(f"document.head.insertAdjacentHTML('beforeend', {json.dumps(style)})")


def visible(chromium: Chromium, text: str) -> bool:
    """Whether an element with this text lies within the window, without scrolling."""
    script = f"""[...document.querySelectorAll("bdi")].some((one) => {{
        const box = one.getBoundingClientRect();
        const inside = box.top >= 0 && box.bottom <= innerHeight && box.width > 0;
        return inside && one.textContent.includes({json.dumps(text)});
    }})"""
    return bool(chromium.evaluate(script))


@pytest.mark.parametrize("size", [NARROW, BROAD], ids=["375", "1440"])
def test_a_failed_claim_is_seen_without_scrolling_and_nothing_is_wider_than_the_window(
    chromium: Chromium, size: tuple[int, int]
) -> None:
    show(chromium, "red", size)
    assert visible(chromium, "the threshold is > 0.3, documented > 0.2")
    chromium.evaluate("document.querySelector('h1 bdi').textContent = 'a long name '.repeat(300); undefined")
    assert visible(chromium, "the threshold is > 0.3, documented > 0.2")
    for name in ("red", "drill", "long", "many", "check"):
        show(chromium, name, size)
        drawn_at_once(chromium)
        assert chromium.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert chromium.requested() == [(chromium.folder / name / "index.html").as_uri()]


def test_an_option_is_not_broken_behind_its_dashes_on_a_narrow_window(chromium: Chromium) -> None:
    show(chromium, "red", NARROW)
    drawn_at_once(chromium)
    lines = '[...document.querySelectorAll("code span")].map((one) => one.getClientRects().length)'
    assert set(chromium.evaluate(lines)) == {1}


def test_the_lanes_are_drawn_for_the_width_that_there_is(chromium: Chromium) -> None:
    shown = '[...document.querySelectorAll("svg.swim")].map((one) => one.getBoundingClientRect().width)'
    show(chromium, "drill", BROAD)
    broad, none = chromium.evaluate(shown)
    assert broad > 700
    assert none == 0
    show(chromium, "drill", NARROW)
    none, slim = chromium.evaluate(shown)
    assert none == 0
    assert 300 < slim <= 375
    assert chromium.evaluate('document.querySelectorAll(".slim .curve, .slim .bar").length') > 6


def test_one_claim_is_counted_as_one(chromium: Chromium) -> None:
    show(chromium, "one", BROAD)
    assert chromium.evaluate('document.querySelector(".filter output").textContent') == "1 claim"


def test_the_filter_leaves_what_fits_and_counts_it(chromium: Chromium) -> None:
    show(chromium, "red", BROAD)
    fill = """((text, kind, verdict) => {
        const form = document.querySelector(".filter");
        form.text.value = text; form.kind.value = kind; form.verdict.value = verdict;
        form.dispatchEvent(new Event("input", { bubbles: true }));
        return [[...document.querySelectorAll(".claim")].filter((one) => !one.hidden).map((one) => one.id),
                form.querySelector("output").textContent];
    })"""
    everything, said = chromium.evaluate(f"{fill}('', '', '')")
    assert said == f"{len(everything)} claims"
    failed, said = chromium.evaluate(f"{fill}('', 'alert', 'fail')")
    assert failed == ["alert/ShopErrors/documented", "alert/ShopErrors/boundary"]
    assert said == f"2 of {len(everything)} claims"
    (found,), _ = chromium.evaluate(f"{fill}('SHARE other', 'metric', '')")
    assert found == "metric/shop_calls_total/cardinality"
    assert chromium.evaluate(f"{fill}('no such text', '', '')")[0] == []
    show(chromium, "check", BROAD)
    assert chromium.evaluate(f"{fill}('', 'rule', 'fail')") == [
        ["rule/le-dropped@r.yml:3"],
        "1 of 2 findings",
    ]


def test_a_link_to_a_claim_opens_it_where_it_is_seen(chromium: Chromium) -> None:
    show(chromium, "red", BROAD, to="#metric/shop_call_seconds/sum")
    claim = 'document.getElementById("metric/shop_call_seconds/sum")'
    assert chromium.evaluate(f"{claim}.open")
    assert 0 <= chromium.evaluate(f"{claim}.getBoundingClientRect().top") < 900


def test_dark_is_dark_and_print_has_no_filter(chromium: Chromium) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    show(chromium, "red", BROAD)
    assert chromium.evaluate(ground) == "rgb(244, 246, 248)"
    show(chromium, "red", BROAD, dark=True)
    assert chromium.evaluate(ground) == "rgb(13, 17, 23)"
    show(chromium, "red", BROAD, dark=True, media="print")
    assert chromium.evaluate(ground) == "rgb(255, 255, 255)"
    assert chromium.evaluate('getComputedStyle(document.querySelector(".filter")).display') == "none"
    for name in ("red", "drill"):  # paper has no scroll bar: A4 is 794 pixels wide
        show(chromium, name, (794, 900), media="print")
        assert chromium.evaluate("document.documentElement.scrollWidth") <= 794
    lines = (
        "[...document.querySelectorAll('.matrix .alert bdi')].map((one) => one.getBoundingClientRect().width)"
    )
    assert 0 < max(chromium.evaluate(lines)) < 16, "a name of an alert stands upright, in one line"


def test_what_is_out_of_the_window_is_not_drawn_until_it_is_scrolled_to(chromium: Chromium) -> None:
    show(chromium, "many", BROAD)
    skipped = """[...document.querySelectorAll(".claim .reason")].filter((one) =>
        !one.checkVisibility({ contentVisibilityAuto: true })).length"""
    claims = chromium.evaluate('document.querySelectorAll(".claim").length')
    assert chromium.evaluate(skipped) > claims / 2
    last = "[...document.querySelectorAll('.claim')].at(-1)"
    frames = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
    chromium.evaluate(f"{last}.scrollIntoView({{ behavior: 'instant' }}); {frames}")
    assert chromium.evaluate(
        f"{last}.querySelector('.reason').checkVisibility({{ contentVisibilityAuto: true }})"
    )


def test_paper_has_everything_also_what_is_folded(chromium: Chromium) -> None:
    unseen = """(() => {
        const texts = [...document.querySelectorAll("main dd, main pre, header dd")];
        return [texts.length, texts.filter((one) => !one.checkVisibility()).length];
    })()"""
    for name in ("red", "many"):
        show(chromium, name, BROAD, media="print")
        number, none = chromium.evaluate(unseen)
        assert number > 10
        assert none == 0
        show(chromium, name, BROAD)
        assert chromium.evaluate(unseen)[1] > 0


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source."""
    found = subprocess.run([REPOSITORY / ".ci" / "axe"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"needs axe-core: .ci/axe says {found.stderr.strip()}")
    return Path(found.stdout.strip()).read_text(encoding="utf-8")


def violations(chromium: Chromium, axe: str) -> list[Any]:
    """The rules that the page breaks, each with the first elements that do."""
    chromium.evaluate(f"{axe}; undefined")
    nodes = "v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))"
    script = f"axe.run().then((r) => r.violations.map((v) => [v.id, {nodes}]))"
    found: list[Any] = chromium.evaluate(script, AXE_SECONDS)
    return found


@pytest.mark.parametrize(
    ("name", "size", "dark"),
    [
        ("red", BROAD, False),
        ("drill", NARROW, True),
        ("check", NARROW, False),
        pytest.param("many", BROAD, False, marks=pytest.mark.nightly),
    ],
    ids=["wide and light", "narrow and dark", "findings", "520 claims"],
)
def test_axe_finds_no_violation(
    chromium: Chromium, axe: str, name: str, size: tuple[int, int], dark: bool
) -> None:
    show(chromium, name, size, dark=dark)
    assert violations(chromium, axe) == []


def test_axe_finds_a_field_without_a_label(chromium: Chromium, axe: str) -> None:
    show(chromium, "red", BROAD)
    label = 'document.querySelector(".filter input").closest("label")'
    chromium.evaluate(f'{label}.replaceWith(document.createElement("input"))')
    assert [kind for kind, _ in violations(chromium, axe)] == ["label"]
