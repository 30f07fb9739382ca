"""A run of an hour at 500 requests a second: how large its history is, and what reading and judging it takes.

    python -m benchmarks.hour                      # 3,600 s; CPU seconds, megabytes of memory and of the file by kind
    python -m benchmarks.hour 1800                 # half of it: all but the fixed part should be half
    python -m benchmarks.hour 3600 --keep FOLDER   # leave the history there

The records are written as a run writes them, at a scrape interval of 15 s: eight routes, three views asked ten times a
second, the process looked at 20 times, the machine ten times. Writing it is not measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from benchmarks import words
from benchmarks.growing import peak, timed
from benchmarks.judging import BIN, EPOCH, METRICS, evidence, judged
from promproof.contract.model import Contract
from promproof.evidence import records
from promproof.evidence.endpointview import Course, EndpointView
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder, read
from promproof.evidence.records.base import Json, Kind
from promproof.evidence.view import LedgerView

SCRAPE, ROUTES, EACH = 15.0, 8, 10
"""EACH: requests a second of one route and status; of six statuses and eight routes they are 480."""
HALF = round(0.5 / BIN)
ASKED, LOOKED, MEASURED = 0.1, 0.05, 0.1
"""Seconds between two questions of one view, two looks at the process, and two at the machine."""


@dataclass
class HandClock:
    """A clock that is turned by hand."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return EPOCH + self.now


def alert(name: str, state: str, value: float) -> Json:
    """An alert as Prometheus shows it."""
    return {
        "labels": {"alertname": name, "job": "app", "severity": "critical", "team": "app"},
        "annotations": {
            "summary": f"{name} of app",
            "description": "More requests fail than are promised.",
            "runbook": "docs/monitoring.md#alerts",
            "dashboard_url": "http://localhost:3001/d/system-overview?viewPanel=6",
        },
        "state": state,
        "activeAt": "2026-01-01T00:00:00.29648059Z",
        "value": f"{value:e}",
    }


def polls(seconds: float) -> Iterator[tuple[float, Kind]]:
    """What three views say: one alert always, and one in a minute of ten whose value is another at each evaluation."""
    names = ["Watchdog", *(f"Alert{number}" for number in range(13))]
    for number in range(int(seconds / ASKED)):
        at = round(number * ASKED + Random(number).uniform(0, 0.002), 6)
        fires = int(at / 60) % 10 == 9
        shown = [alert("Watchdog", "firing", 1.0)]
        shown += [alert("Alert3", "firing", 0.1 + int(at / SCRAPE) / 1e4)] if fires else []
        states = {
            name: "firing" if name == "Watchdog" or (fires and name == "Alert3") else "inactive"
            for name in names
        }
        held = tuple(records.Held(each["labels"], "active", (), ("operator",)) for each in shown)
        yield at, records.AlertsPoll(at, round(at + 0.002531, 6), alerts=tuple(shown))
        yield at, records.RulesPoll(at, round(at + 0.003174, 6), rules=states)
        yield at, records.HeldPoll(at, round(at + 0.002147, 6), alerts=held)


def looks(seconds: float) -> Iterator[Kind]:
    """What the kernel says of the process and of the machine."""
    rows = []
    for number in range(int(seconds / LOOKED)):
        at = round(number * LOOKED + Random(number).uniform(0, 0.001), 6)
        rows.append((at, round(at + 0.000257, 6), round(at * 0.3, 2), 70_877_184 + 4096 * int(at), 19, 2))
    yield records.Kernel(tuple(rows))
    readings = []
    for number in range(int(seconds / MEASURED)):
        at = round(number * MEASURED + Random(number).uniform(0, 0.001), 6)
        cpu = {"user": 50 + at * 0.6, "nice": 5.0, "system": 20 + at * 0.2, "idle": 300 + at, "iowait": 1.0}
        cpu |= {"irq": 0.0, "softirq": at * 0.01, "steal": at * 0.01}
        disks: dict[str, tuple[int, ...]] = {
            **{f"loop{which}": (0, 0) for which in range(8)},
            "vda": (446_841_856, 4096 * int(at * 3)),
            "zram0": (0, 0),
        }
        networks: dict[str, tuple[int, ...]] = {
            "lo": (int(at * 9e5), int(at * 9e5)),
            "eth0": (273_825_988, 440_669 + int(at)),
        }
        memory = (25_276_059_648, 24_674_594_816 + 4096 * int(at * 7))
        readings.append(
            records.MachineReading(
                at,
                round(at + 0.000387, 6),
                {mode: round(value, 2) for mode, value in cpu.items()},
                2,
                memory,
                disks,
                networks,
                {"/": (270_553_174_016, 84_812_214_272 + 4096 * int(at))},
            )
        )
    yield records.Machine(tuple(readings), EPOCH)


def told(seconds: float) -> Iterator[tuple[float, Kind]]:
    """All records of the run."""
    yield from polls(seconds)
    for kind in looks(seconds):
        yield seconds, kind
    made = evidence([f"/r{number}" for number in range(ROUTES)], seconds, SCRAPE, EACH)
    for record in made.history.records:
        yield record.t, finer(record.data) if isinstance(record.data, records.Ledger) else record.data
    yield seconds, latencies(seconds)


def finer(ledger: records.Ledger) -> records.Ledger:
    """The same requests over the bins of half a second."""
    view = LedgerView.from_json(ledger.view)
    routes = {key: _spread(found) for key, found in view.endpoints_seen.items()}
    return records.Ledger(ledger.source, ledger.complete, LedgerView(BIN, routes).to_json())


def _spread(view: EndpointView) -> EndpointView:
    def over(bins: Mapping[int, int]) -> dict[int, int]:
        return {index + part: count // HALF for index, count in bins.items() for part in range(HALF)}

    outcomes = {
        status: Course(over(course.starts), over(course.ends)) for status, course in view.outcomes.items()
    }
    return replace(view, started=over(view.started), outcomes=outcomes)


def latencies(seconds: float) -> records.Latencies:
    """What ended in each second, as a ledger's file has it: hardly two requests took equally many microseconds."""
    random = Random(1)
    rows = []
    for second in range(1, int(seconds)):
        ended: list[tuple[str, str, tuple[int, ...], dict[str, int]]] = []
        for route in range(ROUTES):
            buckets = Counter(random.randrange(1500, 3500) for _ in range(EACH * 6))
            ended.append(
                ("GET", f"/r{route}", tuple(number for pair in buckets.items() for number in pair), {})
            )
        rows.append((second + 0.003, tuple(ended)))
    return records.Latencies("reconcile", tuple(rows))


def write(folder: Path, seconds: float) -> Path:
    """The history of such a run."""
    path, clock = folder / "history.jsonl", HandClock()
    with closing(Recorder(path, "hour", clock)) as history:
        for at, kind in told(seconds):
            clock.now = at
            history.add(kind, t=at)
    return path


def measured(path: Path) -> dict[str, float]:
    """In this process: CPU seconds of reading and of judging all claims about the metrics, and the peak of memory."""
    about = {"contract": 1, "service": "app", "target": {"job": "app"}, "metrics": METRICS, "allowed": []}
    history, reading = timed(lambda: read(path))
    made = Evidence(Contract.model_validate(about), history)
    _, judging = timed(lambda: judged(made))
    return {"reading": reading, "judging": judging, "MB of memory": peak()}


def main() -> None:
    given = words.parser(__doc__)
    given.add_argument("seconds", type=words.positive, nargs="?", default=3600)
    given.add_argument("--keep", type=Path)
    given.add_argument("--only", type=words.file, help="a history that is there, as JSON")
    options = given.parse_args()
    if options.only:
        print(json.dumps(measured(options.only)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        folder.mkdir(exist_ok=True)
        path = write(folder, options.seconds)
        sizes: Counter[str] = Counter()
        for line in path.open(encoding="utf-8"):
            sizes[str(json.loads(line).get("kind", "header"))] += len(line)
        command = [sys.executable, "-m", "benchmarks.hour", "--only", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print(f"| {options.seconds} s | |\n|---|---|")
        for kind, size in sizes.most_common(8):
            print(f"| {kind} | {size / 1e6:.1f} MB |")
        print(f"| the history | {path.stat().st_size / 1e6:.1f} MB |")
        for what, figure in json.loads(said).items():
            print(f"| {what} | {figure:.1f} |")


if __name__ == "__main__":
    main()
