"""Where an alert really flips: synthetic series around its threshold, judged by `promtool test rules`.

The rule files are the deployed ones, unscaled. Each alert is first asked on a coarse grid around the documented
threshold; between the last silent and the first firing point the search goes on until the gap is below `RESOLUTION`
of the threshold. All points of a round share one promtool process. promtool (2.42) does not print test names, so the
number of a case stands in its expression as `+ 0 * n`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from promproof.checks.alert_boundary import RESOLUTION, Point, flip
from promproof.config.arithmetic import evaluate
from promproof.contract.model import Alert, Boundary, seconds
from promproof.errors import EvidenceError
from promproof.exposition import matcher
from promproof.interrupts import noted
from promproof.stack.children import run_to_end

STEP = 15.0  # seconds between synthetic samples: the shipped scrape interval
GRID = (
    0.02,
    0.1,
    0.25,
    0.5,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.995,
    1.005,
    1.01,
    1.02,
    1.05,
    1.1,
    1.25,
    1.5,
    2.0,
    4.0,
)
ROUNDS = 4
TIMEOUT_SECONDS = 120
LONGEST_HOLD = 3600.0
"""How long (seconds) is waited for an alert whose `for` nobody promised."""
Case = tuple[Alert, Boundary, float | None]
"""An alert, how its quantity is moved, and the quantity: None for no series at all."""
_CASE = re.compile(r"\+ 0 \* (\d+)")


def probe(promtool: Path, rule_files: Sequence[Path], alerts: Sequence[Alert]) -> list[Point]:
    """Ask promtool where each alert flips; all points that were asked, by alert and quantity.

    Raises:
        EvidenceError: promtool refused the rules, or did not end in time.
    """
    points: list[Point] = []
    promised = [(alert, alert.boundary) for alert in alerts if alert.boundary is not None]
    cases: list[Case] = [(*pair, q) for pair in promised for q in _grid(*pair)]
    cases += [(*pair, None) for pair in promised]
    for _ in range(ROUNDS):
        if not cases:
            break
        points += _ask(promtool, rule_files, cases)
        cases = [(*pair, q) for pair in promised for q in _refinement(*pair, points)]
    return sorted(points, key=lambda point: (point.alert, -1.0 if point.q is None else point.q))


def _grid(alert: Alert, boundary: Boundary) -> list[float]:
    if alert.unit == "state":
        return [0.0, 1.0]
    most = 1.0 if boundary.threshold < 1 else math.inf
    return [q for factor in GRID if (q := boundary.threshold * factor) < most]


def _refinement(alert: Alert, boundary: Boundary, points: list[Point]) -> list[float]:
    if alert.unit == "state":
        return []
    low, high = flip(point for point in points if point.alert == alert.name)
    if low is None or high is None or high - low <= 2 * RESOLUTION * boundary.threshold * 1.001:
        return []
    return [low + (high - low) * part / 6 for part in range(1, 6)]


def _ask(promtool: Path, rule_files: Sequence[Path], cases: Sequence[Case]) -> list[Point]:
    if not rule_files:  # promtool refuses to test nothing; without rules nothing fires
        return [Point(alert.name, q, False) for alert, _, q in cases]
    document = {
        "rule_files": [str(path.resolve()) for path in rule_files],
        "evaluation_interval": f"{STEP:g}s",
        "tests": [_test(number, *case) for number, case in enumerate(cases)],
    }
    with TemporaryDirectory(prefix="boundary-") as folder:
        path = Path(folder) / "boundary.yml"
        path.write_text(yaml.safe_dump(document, sort_keys=False, width=10_000), encoding="utf-8")
        command = [str(promtool), "test", "rules", str(path)]
        try:
            done = run_to_end(command, log=Path(folder) / "promtool.log", seconds=TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise EvidenceError(
                "promtool", f"no answer within {TIMEOUT_SECONDS} s", (), "look at the rules"
            ) from error
    if noted():
        raise EvidenceError("promtool", f"ended, since the run was interrupted by {noted()}")
    fired = {int(number) for number in _CASE.findall(done.output)}
    if done.exit_status != 0 and not fired:
        raise EvidenceError(
            "promtool", f"status {done.exit_status}", done.output.splitlines()[-20:], "correct the rules"
        )
    return [Point(alert.name, q, number in fired) for number, (alert, _, q) in enumerate(cases)]


def _test(number: int, alert: Alert, boundary: Boundary, q: float | None) -> dict[str, Any]:
    # The shares are constant from the start, so a window that is still filling holds the same ratio as a full one.
    # A rate needs two samples: the alert must fire `for` after the second, and a longer `for` must show.
    end = (seconds(alert.hold) if alert.hold else LONGEST_HOLD) + 3 * STEP
    count = int(end / STEP) + 1
    series = (
        [] if q is None else [_series(one.series, one.rate, one.value, q, count) for one in boundary.series]
    )
    name = matcher("alertname", alert.name)
    firing = f'count(ALERTS{{{name},alertstate="firing"}}) or vector(0)'
    return {
        "interval": f"{STEP:g}s",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": f"({firing}) + 0 * {number}",
                "eval_time": f"{int(end)}s",
                "exp_samples": [{"labels": "{}", "value": 0}],
            }
        ],
    }


def _series(name: str, rate: str | None, value: str | None, q: float, count: int) -> dict[str, str]:
    if rate is not None:
        return {"series": name, "values": f"0+{evaluate(rate, q) * STEP!r}x{count}"}
    return {"series": name, "values": f"{evaluate(value or '0', q)!r}x{count}"}
