"""The lanes of a drill: what the history holds is drawn where it happened, and what is missing is named."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as tree

import pytest

from promproof.cli.report import subject_of
from promproof.report.page.document import page
from promproof.report.page.lanes import swims
from promproof.report.page.matrix import matrix
from promproof.report.page.scales import shown, thinned, ticks
from promproof.report.page.shapes import Curve, Lane, Limit, Mark, Swim
from promproof.report.page.swimming import NARROW, WIDE, Form, draw
from promproof.report.page.wording import dimension_of
from promproof.verdict import Outcome, Verdict
from tests.browser.picture import PICTURES, Picture, fingerprint, with_fingerprint, written
from tests.report.stored import Reader, copy, subject

pytestmark = pytest.mark.unit


def recorded() -> Swim:
    made = subject("drill")
    assert made.evidence is not None
    (found,) = swims(made.evidence, made.verdicts)
    return found


def elements(swim: Swim, style: str) -> list[tree.Element]:
    """The elements of a drawing that have this class."""
    return [
        found for found in tree.fromstring(draw(swim, WIDE)).iter() if style in found.get("class", "").split()
    ]


def test_a_drill_has_its_lanes_its_moments_and_its_hops() -> None:
    swim = recorded()
    assert [lane.name for lane in swim.lanes] == ["condition", "pending", "firing", "Alertmanager", "webhook"]
    assert [moment.name for moment in swim.moments] == ["fault", "healed", "resolved"]
    assert {step.hop.name: step.seen for step in swim.steps if step.number in (3, 4, 6, 7)} == {
        "pending": "0.37 s",
        "firing": "5.37 s",
        "webhook": "5.88 s",
        "resolved webhook": "0.97 s",
    }
    assert swim.promise == "> 85% for 5m (5 s here)"


def test_what_was_seen_lies_where_it_may_be() -> None:
    for lane in recorded().lanes:
        for begin in [bar.begin for bar in lane.bars] + [mark.t for mark in lane.marks]:
            assert any(band.begin - 0.01 <= begin <= band.end + 0.01 for band in lane.bands), (
                lane.name,
                begin,
            )


def test_the_three_views_of_a_state_are_three_stripes() -> None:
    firing = next(lane for lane in recorded().lanes if lane.name == "firing")
    assert {bar.stripe for bar in firing.bars} == {0, 1, 2}
    assert [mark.style for mark in recorded().lanes[-1].marks] == ["firing", "resolved"]


def test_the_dose_is_drawn_with_its_levels_and_the_threshold() -> None:
    (dose,) = recorded().curves
    assert [value for _, value in dose.points] == [0.3, 0.3, 0.84, 0.84, 0.86, 0.86, 0.3, 0.3]
    texts = [text.text for text in elements(recorded(), "value")]
    assert texts == ["84%", "86%", "30% ↓"]
    assert [text.text for text in elements(recorded(), "limit")] == ["> 85%"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (" > 0.85", ["> 85%"]),
        (" * 100 > 85", ["> 85%"]),
        (" > 0.9", ["documented > 85%", "loaded > 90%"]),
        (" >= 0.85", ["documented > 85%", "loaded >= 85%"]),
    ],
    ids=["as documented", "in percent", "another number", "another comparator"],
)
def test_a_loaded_threshold_that_is_not_the_documented_one_is_drawn_beside_it(
    tmp_path: Path, written: str, told: list[str]
) -> None:
    folder = copy("drill", tmp_path)
    path = folder / "history.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = (number for number, line in enumerate(lines) if '"kind":"rule_files"' in line)
    row = json.loads(lines[number])
    (rule,) = (rule for rule in row["data"]["rules"] if rule["name"] == "HighMemoryUsage")
    left, _, _ = rule["expression"].rpartition(">")
    rule["expression"] = f"({left.strip()}){written}"
    lines[number] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = subject_of(folder)
    assert made.evidence is not None
    (swim,) = swims(made.evidence, made.verdicts)
    assert [text.text for text in elements(swim, "limit")] == told
    places = [float(text.get("y", "")) for text in elements(swim, "limit")]
    assert len(places) == 1 or abs(places[0] - places[1]) >= 12


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_element_lies_within_the_drawing(form: object) -> None:
    whole = tree.fromstring(draw(recorded(), NARROW if form is NARROW else WIDE))
    width = float(whole.get("viewBox", "").split()[2])
    for found in whole.iter():
        places = [float(found.get(name, "0")) for name in ("x", "cx")]
        places += [float(x) for x in re.findall(r"[ML]([-\d.]+)", found.get("d", ""))]
        assert min(places) >= 0
        assert max(places) + float(found.get("width", "0")) <= width + 10


def test_a_curve_without_points_says_so() -> None:
    swim = replace(
        recorded(), curves=[Curve("the alert's quantity", "quantity", (), [Limit(">", 0.05)], "ratio")]
    )
    assert [text.text for text in elements(swim, "value")] == ["nothing was recorded"]
    assert not elements(swim, "curve")


def test_a_notification_that_was_edited_away_is_missing_in_the_drawing_too(tmp_path: Path) -> None:
    folder = copy("drill", tmp_path)
    path = folder / "history.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if '"kind":"delivery"' not in line or "HighMemoryUsage" not in line]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    made = subject_of(folder)
    assert made.evidence is not None
    (swim,) = swims(made.evidence, made.verdicts)
    assert not swim.lanes[-1].marks
    said = {verdict.claim.rpartition("/")[2]: verdict.outcome for verdict in swim.verdicts}
    assert said["notified"] is Outcome.UNKNOWN, "healed too soon for it to be owed"
    assert "not seen" in Reader(page(made)).text


def test_a_drill_that_broke_off_says_why_instead(tmp_path: Path) -> None:
    folder = copy("drill", tmp_path)
    path = folder / "history.jsonl"
    text = path.read_text(encoding="utf-8")
    assert text.count('"error":null') >= 1
    line = next(line for line in text.splitlines() if '"kind":"drill"' in line)
    path.write_text(
        text.replace(line, line.replace('"error":null', '"error":"Locust died"')), encoding="utf-8"
    )
    assert "Nothing to draw: Locust died" in Reader(page(subject_of(folder))).text


def test_the_matrix_names_what_each_alert_did() -> None:
    made = subject("drill")
    assert made.evidence is not None
    found = matrix(made.evidence, swims(made.evidence, made.verdicts))
    ((_, cells),) = found.rows
    assert dict(zip(found.alerts, [(cell.word, cell.style) for cell in cells], strict=True)) == {
        "HighErrorRate": ("·", "quiet"),
        "SlowResponses": ("·", "quiet"),
        "HighCPUUsage": ("·", "quiet"),
        "HighMemoryUsage": ("fired", "own"),
        "ServiceDown": ("pending", "allowed"),
        "HighPromptFailureRate": ("·", "quiet"),
    }


def test_a_watchdog_which_fires_in_every_drill_has_no_column() -> None:
    made = subject("lane")
    assert made.evidence is not None
    found = matrix(made.evidence, swims(made.evidence, made.verdicts))
    assert "Watchdog" in {alert.name for alert in made.evidence.contract.alerts if alert.always}
    assert "HighMemoryUsage" in found.alerts
    assert "Watchdog" not in found.alerts
    assert {len(cells) for _, cells in found.rows} == {len(found.alerts)}


def test_a_lane_s_texts_are_escaped() -> None:
    swim = replace(recorded(), lanes=[Lane("</svg><script>", marks=[Mark(1.0, "firing", "<b>&")])])
    assert "<script>" not in draw(swim, WIDE)
    assert "&lt;b&gt;&amp;" in draw(swim, WIDE)


def test_a_long_curve_is_thinned_and_keeps_its_peaks() -> None:
    points = [(float(t), 9.0 if t == 5001 else (-9.0 if t == 77 else t % 3)) for t in range(10_000)]
    kept = list(thinned(points, 400))
    assert len(kept) <= 402
    assert {(5001.0, 9.0), (77.0, -9.0)} <= set(kept)
    assert kept == sorted(kept)


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (0.055, "ratio", "5.5%"),
        (0.12, "seconds", "120 ms"),
        (3.5e-5, "seconds", "35 µs"),
        (90.0, "seconds", "1.5 min"),
        (72552448.0, "bytes", "69.19 MiB"),
        (2048.0, "bytes per second", "2 KiB/s"),
        (0.0042, "USD", "$0.0042"),
        (3.25, "events per second", "3.25 /s"),
        (123456.0, "number", "123.5 K"),
        (0.0, "seconds", "0 s"),
        (float("nan"), "ratio", "NaN"),
    ],
)
def test_values_have_the_units_that_people_read(value: float, dimension: str, text: str) -> None:
    assert shown(value, dimension) == text


@pytest.mark.parametrize(
    ("quantity", "dimension"),
    [
        ('predict_linear(node_filesystem_avail_bytes{job="node"}[6h], 86400)', "bytes"),
        ("histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[5m])))", "seconds"),
        ("rate(sent_bytes_total[5m])", "number"),
        ("queue_length", "number"),
        ("no (promql", "number"),
    ],
)
def test_a_quantity_has_the_unit_that_the_name_of_its_metric_ends_with(quantity: str, dimension: str) -> None:
    assert dimension_of(quantity) == dimension


def test_ticks_are_round() -> None:
    assert ticks(-6.3, 9.6, 8) == [-6, -4, -2, 0, 2, 4, 6, 8]
    assert ticks(0, 0.055, 6) == [0, 0.01, 0.02, 0.03, 0.04, 0.05]
    assert ticks(1, 1, 5) == [1]


@pytest.mark.parametrize("picture", PICTURES, ids=[picture.name for picture in PICTURES])
def test_a_picture_of_the_documentation_is_what_the_page_draws(picture: Picture) -> None:
    said = "the drawing has changed: nox -s pictures makes it anew"
    assert written(picture.path.read_bytes()) == fingerprint(picture), said


def test_a_picture_keeps_its_fingerprint_and_says_none_when_it_has_none() -> None:
    bare = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xaeB`\x82"
    assert written(bare) == ""
    marked = with_fingerprint(bare, "0" * 64)
    assert written(marked) == "0" * 64
    assert marked.startswith(bare[:8])
    assert marked.endswith(bare[8:])


def test_a_drill_of_the_main_job_has_the_verdicts_of_its_alert_and_one_without_any_is_not_green() -> None:
    made = subject("drill")
    assert made.evidence is not None
    (alone,) = swims(made.evidence, [])
    assert alone.outcome is Outcome.UNKNOWN
    failed = Verdict(f"alert/{alone.alert}/live/fires-above", Outcome.FAIL, "missed")
    other = Verdict("alert/Another/live/fires-above", Outcome.PASS, "fired")
    (swim,) = swims(made.evidence, [failed, other])
    assert (swim.outcome, swim.verdicts) == (Outcome.FAIL, [failed])


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["drill", "lane"])
def test_the_names_of_moments_end_within_the_drawing(name: str, form: Form) -> None:
    made = subject(name)
    assert made.evidence is not None
    (swim,) = swims(made.evidence, made.verdicts)
    whole = tree.fromstring(draw(swim, form))
    names = [found for found in whole.iter("text") if "name" in found.get("class", "").split()]
    assert "resolved" in [found.text for found in names]
    for found in names:
        place, length = float(found.get("x", "")), 7 * len(found.text or "")
        begin = place - length if "last" in found.get("class", "") else place
        assert begin >= 0
        assert begin + length <= form.width
