"""Whether a master and its ledger hold: many workers' counts merged and written, without the workers and the network.

    python -m benchmarks.merging                   # 200 workers, 1,000,000 requests a second, for five seconds
    python -m benchmarks.merging 20 100000         # fewer, and a tenth of the rate

Each worker's share is recorded into a ledger as a run records it, and what it would send is handed to the master as
JSON, as it comes from the wire. Printed is the master's CPU time for a second of the run: under 1 it keeps pace. The
ledger that is written is read again, and must hold every request.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import yaml

from benchmarks import words
from promproof.evidence.ledgerfile import LedgerWriter, read
from promproof.load import team
from promproof.load.ledger import Ledger
from promproof.load.master import Gathered, MasterRun
from promproof.load.scenario import load

BIN, ROUTES, SECONDS = 0.1, 8, 5
SCENARIO = {
    "scenario": 1,
    "name": "many",
    "mix": [{"name": "one", "steps": [{"request": "GET /"}]}],
    "arrival": {"model": "open", "rate": "1/s"},
    "duration": "10m",
}


class HandClock(team.Clock):
    """A clock that is turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Worker:
    """Records requests, and has what it would send: as text, since it goes over a wire."""

    def __init__(self, number: int, of: int, clock: HandClock) -> None:
        self._random = Random(number)
        self._clock = clock
        self._ledger = Ledger(clock, BIN)
        self.sent: list[tuple[str, str]] = []
        under_way: dict[str, object] = {"arrived": 0, "sessions": {}}
        self._writer = team.WorkerWriter(self._send, self._ledger, clock, lambda: under_way, lambda: of)

    def _send(self, kind: str, data: dict[str, Any], *_: object) -> None:
        self.sent.append((kind, json.dumps(data)))

    def second(self, begin: float, requests: int) -> None:
        """Requests of a second, each answered after some milliseconds, and what is sent of them."""
        for part in range(round(1 / BIN)):
            for number in range(requests * part // round(1 / BIN), requests * (part + 1) // round(1 / BIN)):
                self._clock.now = begin + number / requests
                token = self._ledger.open("GET", f"/r{number % ROUTES}", None)
                self._clock.now += self._random.uniform(0.0015, 0.0035)
                self._ledger.close(token, 200 if number % 25 else 404)
                self._ledger.lag(self._random.uniform(0, 0.001))
            self._clock.now = begin + (part + 1) * BIN
            self._writer.flush()


def main() -> int:
    """0: it holds, and nothing is lost; 1: not so."""
    given = words.parser(__doc__)
    given.add_argument("workers", type=words.positive, nargs="?", default=200)
    given.add_argument("rate", type=words.positive, nargs="?", default=1_000_000)
    options = given.parse_args()
    each = options.rate // options.workers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "many.yaml").write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")
        gathered = Gathered(BIN)
        writer = LedgerWriter(folder / "ledger.jsonl", gathered, time.monotonic, time.time())
        master = MasterRun(
            load(folder / "many.yaml"), options.workers, gathered, writer, lambda *_: None, lambda: None
        )
        clock = HandClock()
        worker = Worker(0, options.workers, clock)
        for second in range(SECONDS):
            worker.second(float(second), each)
        messages = worker.sent  # the others' are alike: what they say costs as much
        used = time.process_time()
        for kind, text in messages:
            for number in range(options.workers):
                master.receive(kind, f"worker-{number}", json.loads(text))
            writer.flush()
        used = time.process_time() - used
        writer.finish(generator={}, surprises=[], problems=[], workers=[], bounded=True)
        size = (folder / "ledger.jsonl").stat().st_size
        held = read(folder / "ledger.jsonl").requests
    sent = each * options.workers * SECONDS
    print(f"{options.workers} workers, {options.rate} requests a second")
    print(f"{len(messages) / SECONDS:.1f} messages of each worker a second")
    print(f"the master takes {used / SECONDS:.2f} s of CPU for a second of the run")
    print(f"the ledger has {held} of {sent} requests, and grows by {size / SECONDS / 1e3:.0f} kB a second")
    return 0 if used < SECONDS and held == sent else 1


if __name__ == "__main__":
    raise SystemExit(main())
