"""Client, API and Prometheus count the same, exactly: 500/s for 60 s, or a million requests, without a database.

python -m benchmarks.exact_counts [--requests 30000] [--rate 500]
nohup python -m benchmarks.exact_counts --requests 1000000 --rate 570 > exact.log &       half an hour
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.load.stack import Running, running

ROOT = Path(__file__).resolve().parent.parent

SCENARIO = """
scenario: 1
name: exact
users: {{header: X-User-ID, distinct: 50}}
mix:
  # on a busy machine it answers 503: counted like any other answer
  - {{name: health, weight: 9, steps: [{{request: GET /health, expect: [200, 503]}}]}}
  - {{name: nowhere, steps: [{{request: "GET /nowhere/{{n}}", endpoint: unmatched, expect: [404]}}]}}
arrival: {{model: open, rate: {rate}/s, limit: 5000}}
max_requests: {requests}
drain: 120s
generator: {{lag: 30s, cpu: 100%}}
"""


def count(stack: Running, folder: Path, requests: int, rate: int) -> subprocess.CompletedProcess[str]:
    """Send that many requests at that rate; the status is 0 when client, API and Prometheus count the same."""
    scenario = folder / "exact.yaml"
    scenario.write_text(SCENARIO.format(rate=rate, requests=requests), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "promproof",
        "load",
        str(scenario),
        "--target",
        stack.api,
        "--prometheus",
        stack.prometheus,
        "--reports",
        str(folder / "reports"),
        "--pass",
        f"requests == {requests}",
        "--pass",
        "unexpected == 0",
        "--pass",
        "metric http_requests_total",
        "--pass",
        "metric http_request_duration_seconds",
    ]
    return subprocess.run(
        command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def main() -> int:
    """Exit status of the load session: 0 when all three counts are equal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=30_000)
    parser.add_argument("--rate", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as stack:
        done = count(stack, Path(name), given.requests, given.rate)
    print(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
