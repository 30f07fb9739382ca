"""How judging grows: CPU time and memory for a size and for twice as much, and the ratio; 2 is in line with the work.

    python -m benchmarks.judging endpoints 500     # counters and histograms of 500, then 1,000 endpoints x 6 statuses
    python -m benchmarks.judging minutes 30        # 30, then 60 minutes at 500 requests a second, scraped every 15 s
    python -m benchmarks.judging claims RUN        # which kinds of claims of a recorded run take how much of the time

Each size is judged in a process of its own, without the time that imports and making the records take.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import words
from benchmarks.growing import ONLY, growth, peak
from promproof.checks import claims, metric_durations, metric_during, metric_exact, metric_stored
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract, load
from promproof.evidence.endpointview import Course, EndpointView
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, read
from promproof.evidence.records import Inputs
from promproof.evidence.view import LedgerView
from promproof.verdict import Outcome
from tests.records import record

EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATUSES = (200, 201, 400, 404, 429, 500)
IDENTITY = {"job": "app", "instance": "app:80"}
BIN = 0.1
EPOCH = 1_700_000_000.0
HITS, TOOK = "hits_total", "took_seconds"
CHECKS = {
    HITS: (metric_exact.CHECK, metric_during.CHECK, metric_stored.CHECK),
    TOOK: (metric_exact.CHECK, metric_during.CHECK, metric_durations.BUCKETS, metric_durations.SUM),
}
KEYS = {"method": "method", "endpoint": "route", "status": "status"}
METRICS = [
    {
        "name": HITS,
        "type": "counter",
        "labels": {"method": {}, "route": {}, "status": {}},
        "truth": {"kind": "requests", **KEYS},
    },
    {
        "name": TOOK,
        "type": "histogram",
        "labels": {"method": {}, "route": {}},
        "buckets": EDGES,
        "truth": {"kind": "durations", **KEYS},
    },
]


def ledger(routes: Sequence[str], seconds: float, each: int) -> LedgerView:
    """Every second `each` requests of each route and status; each took 20 ms."""
    bins = [int(second / BIN) for second in range(1, int(seconds))]
    counts = dict.fromkeys(bins, each)
    course = Course(counts, dict(counts))
    total = len(STATUSES) * each
    view = EndpointView(
        started=dict.fromkeys(bins, total),
        outcomes=dict.fromkeys(STATUSES, course),
        latency={9_000: total * len(bins)},
        latency_ns=20_000_000 * total * len(bins),
    )
    return LedgerView(BIN, {("GET", route): view for route in routes})


def series(routes: Sequence[str], count: float) -> Iterator[tuple[str, dict[str, str], float]]:
    """What is exposed when each route and status was counted so often."""
    every = len(STATUSES) * count
    for route in routes:
        labels = {"method": "GET", "route": route}
        for status in STATUSES:
            yield HITS, {**labels, "status": str(status)}, count
        yield f"{TOOK}_count", labels, every


def exposition(routes: Sequence[str], count: float) -> str:
    """The text at rest."""
    rows = [f"# TYPE {HITS} counter", f"# TYPE {TOOK} histogram"]
    lines: dict[str, list[str]] = {HITS: rows[:1], TOOK: rows[1:]}
    for name, labels, value in series(routes, count):
        said = ",".join(f'{key}="{text}"' for key, text in labels.items())
        lines[HITS if name == HITS else TOOK].append(f"{name}{{{said}}} {value:g}")
        if name != HITS:
            for edge in (*EDGES, float("inf")):
                le = "+Inf" if edge == float("inf") else f"{edge}"
                held = value if edge > 0.02 else 0
                lines[TOOK].append(f'{TOOK}_bucket{{{said},le="{le}"}} {held:g}')
            lines[TOOK].append(f"{TOOK}_sum{{{said}}} {value * 0.0155:g}")
    return "\n".join([*lines[HITS], *lines[TOOK], ""])


def evidence(routes: Sequence[str], seconds: float, interval: float, each: int) -> Evidence:
    """Of a run over so many seconds."""
    stamps = [interval * number + 0.55 for number in range(int(seconds / interval) - 1)] + [seconds + 1.5]
    text = exposition(routes, each * (int(seconds) - 1))
    about = {"contract": 1, "service": "app", "target": {"job": "app"}, "metrics": METRICS, "allowed": []}
    stored: dict[tuple[str, str], dict[str, Any]] = {}
    for stamp in stamps:
        done = each * max(min(int(stamp), int(seconds) - 1), 0)
        for name, labels, value in series(routes, done):
            row = stored.setdefault((name, str(labels)), {"name": name, "labels": {**IDENTITY, **labels}})
            row.setdefault("samples", []).append((stamp, value))
    for name, value in (("up", 1.0), ("scrape_duration_seconds", 0.01)):
        stored[name, ""] = {"name": name, "labels": IDENTITY, "samples": [(stamp, value) for stamp in stamps]}
    names = dict.fromkeys(name for name, _ in stored)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": interval, "managed": True, "instance": "app:80"}),
        ("prepared", {"time_scale": 1.0}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("exposition", {"label": "rest", "begin": seconds + 1, "end": seconds + 1.1, "text": text}),
        ("exposition", {"label": "rest-later", "begin": seconds + 2, "end": seconds + 2.1, "text": text}),
        *(
            ("stored", {"selector": name, "series": [row for key, row in stored.items() if key[0] == name]})
            for name in names
        ),
        ("ledger", {"source": "locust", "view": ledger(routes, seconds, each).to_json()}),
    ]
    history = History("by hand", 0.0, EPOCH)
    history.records.append(record(0, 0.5, "phase", {"name": "traffic", "edge": "begin"}))
    history.records.append(record(1, seconds, "phase", {"name": "traffic", "edge": "end"}))
    history.records += [record(number, seconds, kind, data) for number, (kind, data) in enumerate(rows, 2)]
    return Evidence(Contract.model_validate(about), history)


def judged(made: Evidence) -> dict[str, float]:
    """CPU seconds by claim.

    Raises:
        AssertionError: a claim is not a pass, so that something else was measured.
    """
    found = {}
    for name, checks in CHECKS.items():
        for check in checks:
            started = time.process_time()
            verdict = judge(check, Claim(f"{name} {check.name}", name), made)
            found[verdict.claim] = time.process_time() - started
            assert verdict.outcome is Outcome.PASS, f"{verdict.claim}: {verdict.reason:.300}"
    return found


def measured(what: str, size: int) -> dict[str, float]:
    """In this process: CPU seconds by claim, and the peak of its memory in MB."""
    if what == "endpoints":
        made = evidence([f"/r{number}" for number in range(size)], 60, 1.0, 1)
    else:
        made = evidence([f"/r{number}" for number in range(8)], 60 * size, 15.0, 10)
    found = judged(made)
    return {**found, "MB": peak()}


def kinds(folder: Path) -> None:
    """Print what the kinds of claims of a recorded main job take, the slowest first."""
    started = time.process_time()
    history = read(folder / "history.jsonl")
    record = history.last(Inputs)
    assert record is not None
    found = Evidence(load(folder / record.data.contract).of_job(record.data.scrape_job), history)
    took = {"(reading the history)": time.process_time() - started}
    for check, claim in claims(found.contract):
        started = time.process_time()
        judge(check, claim, found)
        took[check.name] = took.get(check.name, 0.0) + time.process_time() - started
    total = sum(took.values())
    print("| claims | s of CPU | share |\n|---|---|---|")
    for name, seconds in sorted(took.items(), key=lambda row: -row[1])[:12]:
        print(f"| {name} | {seconds:.2f} | {seconds / total:.0%} |")
    print(f"| all | {total:.2f} | |")


def main() -> None:
    given = words.parser(__doc__)
    given.add_argument("what", choices=["endpoints", "minutes", "claims"])
    given.add_argument("size", metavar="SIZE|RUN")
    given.add_argument(ONLY, action="store_true", help="one size, as JSON")
    options = given.parse_args()
    try:
        size = (words.run if options.what == "claims" else words.positive)(options.size)
    except argparse.ArgumentTypeError as error:
        given.error(str(error))
    if isinstance(size, Path):
        kinds(size)
    elif options.only:
        print(json.dumps(measured(options.what, size)))
    else:
        growth("benchmarks.judging", size, before=(options.what,))


if __name__ == "__main__":
    main()
