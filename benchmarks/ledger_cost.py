"""What the ledger costs: CPU per request of Locust with and without it, time per record, memory of a million records.

    python -m benchmarks.ledger_cost [--pairs 7] [--seconds 4]

Locust loads this same file: with LEDGER_COST_WITHOUT set, the ledger is replaced by one that records nothing, so that
both sides of a pair run the same users, the same client and the same server. Pairs are interleaved, since the speed
of a shared machine drifts; the ratio is taken within a pair and the median over the pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from promproof.load.ledger import Ledger, Token

ROOT = Path(__file__).resolve().parent.parent

MODULE = "benchmarks.ledger_cost"
WITHOUT, FIGURES = "LEDGER_COST_WITHOUT", "LEDGER_COST_FIGURES"
SCENARIO = """
scenario: 1
name: ledger cost
users: {header: X-User-ID, distinct: 25}
mix: [{name: one, steps: [{request: GET /api/v1/prompts}]}]
arrival: {model: closed, users: 10}
"""
BARS = {"CPU ratio": 1.05, "us per record": 4.0, "MB per million records": 20.0}


class NoLedger(Ledger):
    """Takes the same calls and keeps nothing."""

    def __init__(self, clock: Callable[[], float], bin_seconds: float) -> None:
        super().__init__(clock, bin_seconds)
        self._token = super().open("GET", "/")
        super().close(self._token, 200)

    def open(self, *_: object, **__: object) -> Token:
        return self._token

    def close(self, *_: object, **__: object) -> None:
        return


class Answer(asyncio.Protocol):
    """The smallest server: one fixed answer to whatever arrives."""

    TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.TEXT * data.count(b"\r\n\r\n"))


async def serve() -> None:
    """Serve on a free loopback port, printed on the first line, until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def server() -> Iterator[str]:
    """The address of a server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, "--serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def cpu_per_request(url: str, folder: Path, seconds: float, without: bool) -> float:
    """Microseconds of CPU that Locust spends on a request between the first arrival and the end of the drain."""
    scenario, figures, ledger = folder / "scenario.yaml", folder / "figures.json", folder / "ledger.jsonl"
    scenario.write_text(SCENARIO + f"duration: {seconds}s\n", encoding="utf-8")
    ledger.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(Path(__file__).resolve()),
        "--headless",
        "--only-summary",
        "-L",
        "ERROR",
        "--host",
        url,
        "--scenario",
        str(scenario),
    ]
    environment = {**os.environ, FIGURES: str(figures)}
    if without:
        environment[WITHOUT] = "1"
    else:
        command += ["--ledger", str(ledger)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"locust ended with {run.returncode}:\n{run.stderr}")
    found = json.loads(figures.read_text())
    return float(found["cpu_seconds"]) / int(found["requests"]) * 1e6


def pairs(count: int, seconds: float) -> list[float]:
    """Print each pair; the ratios, CPU with the ledger to CPU without."""
    ratios = []
    with tempfile.TemporaryDirectory() as name, server() as url:
        for number in range(count):
            # the order alternates, so that a drift does not favour one side
            order = (True, False) if number % 2 else (False, True)
            cost = {without: cpu_per_request(url, Path(name), seconds, without) for without in order}
            ratios.append(cost[False] / cost[True])
            print(
                f"  pair {number + 1}: {cost[True]:6.1f} us without, {cost[False]:6.1f} us with, {ratios[-1]:.3f}"
            )
    return ratios


def time_per_record() -> dict[str, float]:
    """Microseconds of open and close together, the median of nine rounds, for several kinds of records."""
    ledger = Ledger(time.monotonic, 0.1)
    labels = {"prompt_id": "3", "status": "success"}

    def plain() -> None:
        ledger.close(ledger.open("GET", "/api/v1/prompts"), 200)

    def arrival() -> None:
        ledger.close(ledger.open("GET", "/api/v1/prompts", "user-7", 1.0), 200)

    def execution() -> None:
        token = ledger.open("POST", "/api/v1/prompts/{prompt_id}/execute", "user-7", 1.0)
        ledger.close(token, 200, 0.3)
        ledger.tally("prompt_executions", labels, token)

    kinds = {
        "open and close": plain,
        "with user and due time": arrival,
        "with floor and tally": execution,
    }
    return {name: microseconds(kind) for name, kind in kinds.items()}


def microseconds(call: Callable[[], object]) -> float:
    """CPU time of a call, the median of nine rounds: other processes on the machine do not count."""
    rounds = timeit.repeat(call, number=20_000, repeat=9, timer=time.process_time)
    return statistics.median(rounds) / 20_000 * 1e6


def time_per_event() -> None:
    """Print the microseconds that the listener for plain users takes for a request event; run in a process of its own,
    since importing Locust patches the standard library."""
    from locust.event import EventHook

    from promproof.load.users import count_plain_requests

    environment = SimpleNamespace(events=SimpleNamespace(request=EventHook()))
    count_plain_requests(environment, Ledger(time.monotonic, 0.1))
    listener = environment.events.request._handlers[0]
    event = {
        "request_type": "GET",
        "name": "/api/v1/prompts",
        "response_time": 2.5,
        "response_length": 2,
        "response": SimpleNamespace(status_code=200),
        "context": {},
        "exception": None,
        "start_time": 0.0,
        "url": "/api/v1/prompts",
    }
    print(microseconds(lambda: listener(**event)))


def hdr_record_value() -> float:
    """Microseconds of HdrHistogram.record_value, for comparison."""
    from hdrh.histogram import HdrHistogram

    hdr = HdrHistogram(1, 3_600_000_000, 3)
    return microseconds(lambda: hdr.record_value(12_345))


def replayed_megabytes(records: int) -> float:
    """Memory of a ledger after so many records of 20 label sets, 25 users and 600 s, in MB."""
    now = 0.0
    tracemalloc.start()
    ledger = Ledger(lambda: now, 0.1)
    for n in range(records):
        now = n * 600 / records
        token = ledger.open("GET", f"/route/{n % 10}", f"user-{n % 25}")
        now += 0.001 * (n % 997)
        ledger.close(token, 200 if n % 2 else 404)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="pairs of Locust runs (7)")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a run (4)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--event", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    if options.event:
        time_per_event()
        return
    print("CPU time per record")
    kinds = time_per_record()
    event = subprocess.run(
        [sys.executable, "-m", MODULE, "--event"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kinds["listener for plain users"] = float(event.stdout)
    for name, cost in kinds.items():
        print(f"  {name:24} {cost:5.2f} us")
    print(f"  {'HdrHistogram alone':24} {hdr_record_value():5.2f} us")
    print("memory of replayed records")
    small, large = replayed_megabytes(100_000), replayed_megabytes(1_000_000)
    print(f"  100 thousand {small:.2f} MB, a million {large:.2f} MB, ratio {large / small:.2f}")
    print("CPU of Locust per request")
    ratios = pairs(options.pairs, options.seconds)
    print(f"  median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
    found = {
        "CPU ratio": statistics.median(ratios),
        "us per record": max(cost for name, cost in kinds.items() if "tally" not in name),
        "MB per million records": large,
    }
    for name, bar in BARS.items():
        print(f"{name}: {found[name]:.3f}, {found[name] / bar:.2f} of the bar of {bar:g}")


def write_figures(environment: Any, **_: object) -> None:
    """Called in the Locust process at its end."""
    found = {
        "cpu_seconds": environment.load_run.generator.cpu_seconds,
        "requests": environment.stats.total.num_requests,
    }
    Path(os.environ[FIGURES]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
elif FIGURES in os.environ:
    from locust import events

    from promproof.load import locustfile
    from promproof.load.users import ScenarioUser  # noqa: F401 - Locust looks for its users in this module

    if WITHOUT in os.environ:
        vars(locustfile)["Ledger"] = NoLedger
    events.quitting.add_listener(write_figures)
