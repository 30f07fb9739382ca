"""Panels, metrics and thresholds on the page: what was seen beside what should have been, the failed ones first."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as tree

import pytest

from promproof.cli.report import subject_of
from promproof.contract.model import Alert, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import Boundary, Usage, UsageSample
from promproof.places import REPOSITORY
from promproof.report.drawings import Curve, Drawing
from promproof.report.page import panels
from promproof.report.page.boundaries import boundaries
from promproof.report.page.counts import counts
from promproof.report.page.document import breakable, page
from promproof.report.page.scales import shown, ticks
from promproof.report.page.subject import Subject
from promproof.report.page.usage import stack
from promproof.report.page.wording import promise_of
from promproof.verdict import Outcome, Verdict
from tests.report.stored import Reader, copy, subject

pytestmark = pytest.mark.unit
TIMES = tuple(float(t) for t in range(40))


def curve(name: str = "a", level: float = 1.0, **changes: Any) -> Curve:
    values = tuple(level for _ in TIMES)
    low, high = tuple(level * 0.8 for _ in TIMES), tuple(level * 1.2 for _ in TIMES)
    return replace(Curve(name, TIMES, values, low, high), **changes)


def drawing(*curves: Curve, outcome: Outcome = Outcome.PASS, **changes: Any) -> Drawing:
    verdict = Verdict("panel/d/p/values", outcome, "what was seen")
    made = Drawing("panel/d/p", "Board", "Panel", "seconds", ("up",), curves, len(curves), (verdict,))
    return replace(made, **changes)


def of_class(made: Drawing, style: str) -> list[tree.Element]:
    return [
        element
        for element in tree.fromstring(panels.chart(made)).iter()
        if style in element.get("class", "").split()
    ]


def test_a_panel_has_its_lines_their_bands_and_the_threshold() -> None:
    made = drawing(curve("a"), curve("b", 2.0), line=1.5)
    assert [len(of_class(made, style)) for style in ("curve", "band", "threshold")] == [2, 2, 1]
    assert [text.text for text in of_class(made, "tick")] == [
        "0 s",
        "1 s",
        "2 s",
        "0 s",
        "10 s",
        "20 s",
        "30 s",
    ]


def test_where_the_truth_is_open_there_is_no_band_and_where_a_value_is_missing_no_line() -> None:
    none = tuple(None for _ in TIMES)
    assert not of_class(drawing(curve(low=none, high=none)), "band")
    values = (*(1.0 for _ in range(10)), None, *(1.0 for _ in range(29)))
    assert len(of_class(drawing(curve(values=values)), "curve")) == 2


def test_values_outside_of_the_truth_are_marked_where_the_claim_failed_and_only_there() -> None:
    wrong = curve(values=tuple(1.0 if t != 7 else 5.0 for t in TIMES))
    (marked,) = of_class(drawing(wrong, outcome=Outcome.FAIL), "outside")
    assert "a at 7.00 s: 5 s, truth 800 ms to 1.2 s" in "".join(marked.itertext())
    assert not of_class(drawing(wrong), "outside")
    assert not of_class(drawing(curve(), outcome=Outcome.FAIL), "outside")


def test_a_long_series_becomes_a_short_path() -> None:
    times = tuple(float(t) for t in range(10_000))
    values = tuple(float(t % 7) for t in range(10_000))
    (line,) = of_class(drawing(Curve("long", times, values, values, values)), "curve")
    assert len(re.findall("[ML]", line.get("d", ""))) <= panels.MOST_POINTS + 2


def test_failed_panels_come_first_and_a_page_of_panels_stays_small() -> None:
    noisy = [curve(str(number), values=tuple(float((t * number) % 11) for t in TIMES)) for number in range(8)]
    many = [drawing(*noisy, claim=f"panel/d/{number}") for number in range(300)]
    many.append(drawing(curve(), outcome=Outcome.FAIL, claim="panel/d/red"))
    found = panels.arranged(many)
    assert found[0].drawing.claim == "panel/d/red"
    assert sum(len(board.chart) for board in found) < panels.BUDGET + 50_000
    assert found[-1].note == "Drawn in panels.html, beside this page."


def test_a_panel_without_points_says_so() -> None:
    (made,) = panels.arranged([drawing()])
    assert (str(made.chart), made.note) == ("", "Nothing to draw: no series came back.")


def test_a_metric_has_what_was_sent_exposed_and_stored() -> None:
    found = {count.name: count for count in counts(subject("green"))}
    total = found["shop_calls_total"]
    assert (total.sent, total.exposed, total.stored, total.difference) == ("1202", "1202", "1202", "0 of 4")
    assert total.outcome is Outcome.PASS
    assert not total.differences


def test_a_counter_that_was_edited_names_the_label_set_that_differs(tmp_path: Path) -> None:
    folder = copy("green", tmp_path)
    path = folder / "history.jsonl"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if '"label":"rest"' in line and "exposition" in line)
    changed = re.sub(
        r"(shop_calls_total\{[^}]*\} )(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", line, count=1
    )
    assert changed != line
    path.write_text(text.replace(line, changed), encoding="utf-8")
    found = counts(subject_of(folder))
    assert (found[0].name, found[0].outcome, found[0].difference) == (
        "shop_calls_total",
        Outcome.FAIL,
        "1 of 4",
    )
    assert len(found[0].differences) == 1
    assert "sent" in found[0].differences[0]


def test_a_threshold_has_its_points_and_the_place_where_it_flips() -> None:
    made = subject("red")
    (found,) = boundaries(made)
    assert made.evidence is not None
    record = made.evidence.need(Boundary).data
    drawn = tree.fromstring(found.chart)
    styles = [element.get("class", "") for element in drawn.iter()]
    asked = [row for row in record.points if row[1] is not None]
    assert styles.count("asked fires") == sum(fired for _, _, fired in asked)
    assert styles.count("asked") == sum(not fired for _, _, fired in asked)
    assert "flips between 29.861% and 30%" in "".join(drawn.itertext())
    assert found.outcome is Outcome.FAIL


def measured(*samples: UsageSample) -> Subject:
    """What a run tells that measured its stack and wrote down nothing else."""
    contract = load(REPOSITORY / "monitoring" / "contract.yaml")
    history = History("run", 0.0, 0.0, [Record(1, 60.0, Usage(samples))])
    verdict = Verdict("deployment/resources", Outcome.PASS, "0.30 cores and 150 MB")
    return Subject("run", [verdict], evidence=Evidence(contract, history))


SAMPLES = tuple(
    UsageSample(t, {"prometheus": (0.2 * t, 1e8), "alertmanager": (0.1 * t, 5e7), "api": (9.0 * t, 9e9)})
    for t in (10.0, 15.0, 20.0, 30.0)
)


def test_the_stacks_cpu_and_memory_stand_beside_what_is_documented() -> None:
    made = measured(*SAMPLES)
    found = stack(made)
    assert found is not None
    assert [(row.service, row.cores, row.memory) for row in found.rows] == [
        ("all together", "0.30 cores", "150 MB"),
        ("prometheus", "0.20 cores", "100 MB"),
        ("alertmanager", "0.10 cores", "50 MB"),
    ]
    assert [chart.documented for chart in found.charts] == [
        "documented: 0.1 to 0.5",
        "documented: 100 to 500",
    ]
    for chart in found.charts:
        drawn = tree.fromstring(chart.drawn)
        styles = [element.get("class", "").split() for element in drawn.iter()]
        assert sum("curve" in style for style in styles) == 3
        assert sum("threshold" in style for style in styles) == 1
    text = Reader(page(made)).text
    assert "all together 0.30 cores 150 MB" in text
    assert "cannot be drawn" not in text


def test_a_service_that_began_anew_leaves_a_hole_and_one_sample_is_no_course() -> None:
    torn = replace(SAMPLES[2], services={**SAMPLES[2].services, "prometheus": (0.5, 1e8)})
    found = stack(measured(SAMPLES[0], SAMPLES[1], torn, SAMPLES[3]))
    assert found is not None
    assert (
        len([e for e in tree.fromstring(found.charts[0].drawn).iter() if e.get("class") == "curve c1"]) == 2
    )
    assert stack(measured(SAMPLES[0])) is None
    assert "The stack" not in Reader(page(measured(SAMPLES[0]))).text


def test_ticks_of_bytes_and_of_long_times_are_round_in_their_unit() -> None:
    assert [shown(value, "bytes", 3) for value in ticks(0.0, 23.4 * 2**30, 4, "bytes")] == [
        "0 B",
        "10 GiB",
        "20 GiB",
    ]
    assert [shown(value, "seconds", 3) for value in ticks(0.0, 7300.0, 4, "seconds")] == [
        "0 s",
        "1 h",
        "2 h",
    ]
    assert ticks(0.0, 1.0, 4, "seconds") == ticks(0.0, 1.0, 4)


def test_a_long_legend_is_folded_but_what_lies_outside_of_its_truth_is_not() -> None:
    many = [curve(f"line {number}") for number in range(9)]
    wrong = curve("line 9", high=tuple(0.9 for _ in TIMES), low=tuple(0.8 for _ in TIMES))
    (board,) = panels.arranged([drawing(*many, wrong, outcome=Outcome.FAIL)])
    assert [key.name for key in board.shown_keys] == [f"line {number}" for number in (0, 1, 2, 3, 4, 9)]
    assert [key.name for key in board.folded_keys] == [f"line {number}" for number in (5, 6, 7, 8)]
    (small,) = panels.arranged([drawing(*many[:6])])
    assert (len(small.shown_keys), small.folded_keys) == (6, [])


def test_the_page_shows_metrics_and_thresholds_and_every_drawing() -> None:
    text = Reader(page(subject("green"))).text
    assert "shop_calls_total counter" in text
    assert "documented > 20% over 2m for 1m" in text
    assert "cannot be drawn" not in text


def test_a_name_breaks_between_its_parts_and_stays_escaped() -> None:
    assert breakable("a_b/{c}") == "a_<wbr>b/<wbr>{c}"
    assert breakable("<b>_x") == "&lt;b&gt;_<wbr>x"


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (
            {"comparator": ">", "threshold": 0.05, "unit": "ratio", "window": "5m", "for": "5m"},
            "> 5% over 5m for 5m",
        ),
        ({"comparator": ">", "threshold": 1.0, "unit": "seconds", "window": "0s"}, "> 1 s"),
        ({"comparator": "==", "threshold": 0.0, "unit": "state", "for": "1m"}, "== 0 for 1m"),
        ({"always": True}, "always fires"),
        ({}, ""),
    ],
)
def test_a_promise_has_its_threshold_in_the_unit_that_people_read(alert: dict[str, Any], said: str) -> None:
    assert promise_of(Alert.model_validate({"name": "A", **alert})) == said


def test_a_panel_that_nobody_judged_is_not_green_and_a_drill_has_none() -> None:
    assert replace(drawing(curve()), verdicts=()).outcome is Outcome.NOT_VERIFIED
    made = subject("drill")
    assert made.evidence is not None
    assert made.evidence.contract.dashboards
    assert panels.boards(made) == []
    board = made.evidence.contract.dashboards[0]
    judged = Verdict(f"panel/{board.uid}/{board.panels[0].slug}/values", Outcome.FAIL, "what was seen")
    assert [found.drawing.outcome for found in panels.boards(replace(made, verdicts=[judged]))] == [
        Outcome.FAIL
    ]
