"""Comparing a run with earlier ones: what got worse beyond the noise, and what cannot be told.

A baseline file holds one line per run: for each quantity its value in each of ten equal parts of that run. The
noise of a quantity is taken from those parts (median and its standard error, 1.2533 x 1.4826 x MAD / sqrt(n), the
usual robust estimates) and, from three runs on, from the spread of the runs themselves, whichever is larger:
parts of one run agree better with each other than two runs do. A change is
named when the whole interval of three standard errors around it lies beyond the tolerance, denied when the whole
interval lies within, and otherwise it cannot be told.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, stdev
from typing import TYPE_CHECKING, Any

from promproof.config.inputs import parse_json, read_text
from promproof.errors import InputError
from promproof.evidence import bins
from promproof.load.account import Account
from promproof.load.judgement import Judgement, Outcome

if TYPE_CHECKING:
    from promproof.load.result import LoadResult

VERSION = 1
PARTS = 10
LEAST_PARTS = 5
TOLERANCE = 0.10
"""a change of the median of less than a tenth is no change that anybody would act on"""
SIGMAS = 3.0
LEAST_RUNS = 3
_LARGEST = 1e12
"""No second, rate or share of a run is as large."""
QUANTITIES = ("p50", "p95", "p99", "rate", "errors")
LOWER_IS_BETTER = {"p50": True, "p95": True, "p99": True, "rate": False, "errors": True}
ERRORS_TOLERANCE = 0.001
"""shares of errors are compared as differences; a tenth of a percent is tolerated"""


@dataclass(frozen=True)
class Estimate:
    """A quantity and its standard error."""

    value: float
    error: float


def parts_of(account: Account) -> dict[str, list[float]]:
    """Each quantity in the equal parts of a run; a part without answers has no latency."""
    numbers = sorted(account.slots)
    count = min(PARTS, len(numbers) - 1)  # the last second is not whole
    found: dict[str, list[float]] = {name: [] for name in QUANTITIES}
    for part in range(count):
        chosen = numbers[part * (len(numbers) - 1) // count : (part + 1) * (len(numbers) - 1) // count]
        slots = [account.slots[number] for number in chosen]
        felt = bins.merged(slot.felt for slot in slots)
        total = sum(slot.ended.total for slot in slots)
        for name in ("p50", "p95", "p99"):
            value = bins.percentile(felt, float(name[1:]))
            if value is not None:
                found[name].append(value)
        found["rate"].append(total / (len(slots) * account.slot_seconds))
        if total:
            found["errors"].append(sum(slot.ended.errors for slot in slots) / total)
    return found


def save(path: Path, result: LoadResult) -> str:
    """Add a valid run to a baseline file; says what it did. Raises OSError."""
    if result.reasons:
        return f"not added to {path}: the run is invalid"
    line = {
        "baseline": VERSION,
        "scenario": result.account.scenario.name,
        "run": result.folder,
        "parts": parts_of(result.account),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return f"added to {path}"


def load(path: Path, scenario: str) -> list[dict[str, list[float]]]:
    """The runs of a scenario in a baseline file.

    Raises:
        InputError: it cannot be read, is no baseline, or has no run of this scenario.
    """
    expected = "a file that --save-baseline has written"
    lines = read_text(path, expected).split("\n")
    found = []
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        where = f"{path}:{number}"
        try:
            line = parse_json(text, path, expected).data
        except InputError as error:
            raise InputError(
                what=error.what, where=where, expected=expected, todo="take the line out"
            ) from error
        try:
            if line["baseline"] != VERSION:
                raise InputError(
                    what=f"version {line['baseline']!r}, expected {VERSION}", where=where, expected=expected
                )
            if line["scenario"] == scenario:
                found.append({name: _numbers(line["parts"][name]) for name in QUANTITIES})
        except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            raise InputError(
                what=f"not a run of a baseline: {error!r}", where=where, expected=expected
            ) from error
    if not found:
        raise InputError(
            what=f"has no run of the scenario {scenario}",
            where=str(path),
            expected=expected,
            todo="save one first",
        )
    return found


def _numbers(values: Any) -> list[float]:
    """Shares, rates and seconds. Raises ValueError or TypeError for what is none."""
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    numbers = [float(value) for value in values]
    if any(not 0 <= number < _LARGEST for number in numbers):
        raise ValueError(f"{values!r} holds what is no measured number")
    return numbers


def compare(path: Path, account: Account, reasons: Sequence[str]) -> list[Judgement]:
    """One judgement per quantity. Raises InputError; see load."""
    before = load(path, account.scenario.name)
    if reasons:
        return [
            Judgement(f"baseline: {name}", Outcome.UNKNOWN, "cannot tell: the run is invalid")
            for name in QUANTITIES
        ]
    now = parts_of(account)
    return [judge(name, [run[name] for run in before], now[name]) for name in QUANTITIES]


def judge(name: str, before: Sequence[Sequence[float]], now: Sequence[float]) -> Judgement:
    """Whether a quantity got worse, from its values in the parts of earlier runs and of this one."""
    text = f"baseline: {name}"
    usable = [run for run in before if len(run) >= LEAST_PARTS]
    if len(now) < LEAST_PARTS or not usable:
        return Judgement(
            text,
            Outcome.UNKNOWN,
            f"cannot tell: less than {LEAST_PARTS} parts with answers, run it for longer",
        )
    old, new = _earlier(usable), _estimate(now)
    if name == "errors":
        change, error, tolerance = new.value - old.value, math.hypot(new.error, old.error), ERRORS_TOLERANCE
        shown = f"{old.value:.3%} -> {new.value:.3%}"
    else:
        if old.value <= 0:
            return Judgement(text, Outcome.UNKNOWN, "cannot tell: the baseline has no value")
        change = new.value / old.value - 1
        error = math.hypot(new.error, old.error * new.value / old.value) / old.value
        tolerance = TOLERANCE
        shown = f"{_show(name, old.value)} -> {_show(name, new.value)}, {change:+.1%} ±{SIGMAS * error:.1%}"
    worse = change if LOWER_IS_BETTER[name] else -change
    low, high = worse - SIGMAS * error, worse + SIGMAS * error
    runs = f" ({len(usable)} earlier runs)"
    if low > tolerance:
        return Judgement(text, Outcome.FAIL, f"worse: {shown}{runs}")
    if high <= tolerance:
        return Judgement(
            text, Outcome.PASS, f"{'better' if high < -tolerance else 'not worse'}: {shown}{runs}"
        )
    return Judgement(text, Outcome.UNKNOWN, f"cannot tell: {shown}{runs}; run it for longer, or add runs")


def _earlier(runs: Sequence[Sequence[float]]) -> Estimate:
    estimates = [_estimate(run) for run in runs]
    values = [estimate.value for estimate in estimates]
    within = math.sqrt(sum(estimate.error**2 for estimate in estimates)) / len(estimates)
    # the next run differs from the mean of the earlier ones by one run's spread and the mean's own
    between = stdev(values) * math.sqrt(1 + 1 / len(values)) if len(values) >= LEAST_RUNS else 0.0
    return Estimate(sum(values) / len(values), max(within, between))


def _estimate(values: Sequence[float]) -> Estimate:
    middle = median(values)
    mad = median(abs(value - middle) for value in values)
    return Estimate(middle, 1.2533 * 1.4826 * mad / math.sqrt(len(values)))


def _show(name: str, value: float) -> str:
    return f"{value:.2f}/s" if name == "rate" else f"{value * 1000:.1f} ms"
