"""Exact dosing: how many of 3,000 requests fail at 5 %, by error diffusion in the API and by chance.

python -m benchmarks.exact_dosing [--requests 3000] [--share 0.05] [--times 3]

The bar: the share give or take one. What chance would have done beside it is drawn here, a thousand times.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from promproof.evidence.ledgerfile import read
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from tests.load.stack import TOKEN, Running, running

ROOT = Path(__file__).resolve().parent.parent

STATUS = 507
"""One that the API never answers by itself: when the machine is too slow for the rate, /health has a 503 of its own."""
DRAWS = 1000
SCENARIO = """
scenario: 1
name: dosed
mix:
  - {{name: health, weight: 2, steps: [{{request: GET /health, expect: [200, 503, {status}]}}]}}
  - {{name: list, steps: [{{request: GET /api/v1/prompts, expect: [200, {status}]}}]}}
arrival: {{model: open, rate: 300/s, limit: 5000}}
max_requests: {requests}
generator: {{lag: 30s, cpu: 100%}}
"""
ROUTES = ["GET /health", "GET /api/v1/prompts"]


def dosed(stack: Running, folder: Path, share: float, requests: int) -> tuple[int, int]:
    """Send requests while this share of them is dosed; how many ended, and how many of them failed."""
    scenario = folder / "dosed.yaml"
    scenario.write_text(SCENARIO.format(status=STATUS, requests=requests), encoding="utf-8")
    reports = folder / f"reports-{share}"
    with UndoBook(folder / "undo") as book:
        port = FaultPort(stack.faults, TOKEN, book)
        port.apply("errors", routes=ROUTES, rate=share, status=STATUS)
        try:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "promproof",
                    "load",
                    str(scenario),
                    "--target",
                    stack.api,
                    "--reports",
                    reports,
                ],
                cwd=ROOT,
                check=True,
                capture_output=True,
            )
        finally:
            port.heal()
    ledger = max(reports.glob("*/ledger.jsonl"), key=lambda file: file.stat().st_mtime)
    counts = read(ledger).counts
    failed = sum(count for (_, _, status), count in counts.items() if status == STATUS)
    return sum(counts.values()), failed


def main() -> int:
    """Print the counts; 1 when one is off by more than one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    wanted = given.share * given.requests
    found = []
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as stack:
        for _ in range(given.times):
            sent, failed = dosed(stack, Path(name), given.share, given.requests)
            print(f"dosed {sent} requests at {given.share:.1%}: {failed} failed, {wanted:g} wanted")
            found.append(failed)
    chance = random.Random(1)
    drawn = [sum(chance.random() < given.share for _ in range(given.requests)) for _ in range(DRAWS)]
    print(f"by chance, {DRAWS} times: {min(drawn)} to {max(drawn)}")
    return int(any(abs(count - wanted) > 1 for count in found))


if __name__ == "__main__":
    sys.exit(main())
