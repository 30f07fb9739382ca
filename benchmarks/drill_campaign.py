"""Many runs of the default drills in a row, every second one with all cores busy: are the verdicts always the same?

    nohup python -m benchmarks.drill_campaign [RUNS] [DRILL or option of the drills ...] > campaign.log 2>&1 &

Thirty runs by default, about half an hour, with the stack as processes. (Containers are one group to the kernel's
scheduler: beside busy cores all of them together may get less than the API alone needs, and the drills are unknown.)
A line for each run; at the end how many distinct sets of verdicts there were, and which claims differed. The status
is 0 when all runs agree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import words
from benchmarks.detection_latency import latencies
from promproof.places import DEFAULT_REPORTS, REPOSITORY
from promproof.stack.children import start_child, stop_all

RUNS = 30
BURN = "while True: pass"


@contextmanager
def busy_cores(wanted: bool) -> Iterator[None]:
    """One process that does nothing but work for each core."""
    count = (os.cpu_count() or 1) if wanted else 0
    burning = [
        start_child([sys.executable, "-c", BURN], name="busy", log=Path(os.devnull)) for _ in range(count)
    ]
    try:
        yield
    finally:
        stop_all(burning)


def once(number: int, arguments: Sequence[str], busy: bool) -> dict[str, str]:
    """One run: its verdicts by claim."""
    before = set(DEFAULT_REPORTS.glob("drill-*"))
    begun = time.monotonic()
    with busy_cores(busy):
        done = subprocess.run(
            [sys.executable, "-m", "promproof", "drill", "--stack", "processes", *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    (folder,) = set(DEFAULT_REPORTS.glob("drill-*")) - before
    verdicts = _verdicts(folder)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(verdicts.values()).items()))
    excess = max((latency.excess for latency in latencies(folder)), default=float("nan"))
    load = "busy" if busy else "idle"
    seconds = time.monotonic() - begun
    print(
        f"run {number:2} {load}: status {done.returncode}, {seconds:5.1f} s, excess {excess:.2f} s, {counts}",
        flush=True,
    )
    return verdicts


def _verdicts(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {verdict["claim"]: verdict["outcome"] for verdict in report["verdicts"]}


def main() -> int:
    """Run the campaign."""
    given = words.parser(__doc__)
    given.add_argument("runs", nargs="?", type=words.positive, default=RUNS)
    options, drills = given.parse_known_args()
    found = [once(number + 1, drills, busy=bool(number % 2)) for number in range(options.runs)]
    distinct = {json.dumps(outcomes, sort_keys=True) for outcomes in found}
    print(f"{options.runs} runs, {len(distinct)} distinct sets of verdicts")
    for claim in sorted({claim for outcomes in found for claim in outcomes}):
        outcomes = Counter(outcomes.get(claim, "none") for outcomes in found)
        if len(outcomes) > 1 or "pass" not in outcomes:
            print(f"  {claim}: {dict(outcomes)}")
    return int(len(distinct) != 1)


if __name__ == "__main__":
    sys.exit(main())
