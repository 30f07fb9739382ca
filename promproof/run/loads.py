"""The loads of a run of drills: each a Locust process that sends in the stages that need it.

All processes are started at once, since that takes seconds, and wait for their first stage. A load that takes from a
dose pauses: its process ends with its requests answered and its ledger whole, and another one goes on later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from promproof.drills.batching import Stage, loads_of
from promproof.evidence import records
from promproof.evidence.evidence import LEDGER_OF
from promproof.observe import recording
from promproof.run.bench import Bench
from promproof.run.frame import Ground
from promproof.run.traffic import TRAFFIC_SECONDS, Settings, Traffic

START_SECONDS = 40.0


class Loads:
    """What is sent in each stage. stages: of drills that are levelled, so that one scenario has one rate."""

    def __init__(self, ground: Ground, bench: Bench, stages: Sequence[Stage]) -> None:
        self._folder = ground.folder
        self._history = ground.history
        self._say = ground.say
        self._bench = bench
        self._stages = stages
        self._rates = {
            path: drill.plan.rate or 0.0
            for stage in stages
            for drill in stage.drills
            for path in loads_of([drill])
        }
        self._waiting: dict[Path, Traffic] = {}
        self._playing: dict[Path, Traffic] = {}
        self._every: list[Traffic] = []

    @property
    def rate(self) -> float:
        """Sessions a second of all that is sent now."""
        return sum(self._rates[path] for path in self._playing)

    def start(self) -> None:
        """Start a process for each load, none of which sends yet."""
        for path in dict.fromkeys(path for stage in self._stages for path in stage.loads):
            self._start(path)

    def play(self, number: int, alive: Callable[[], None]) -> None:
        """Send what a stage needs and nothing that takes from its doses. alive: raises EvidenceError on a death.

        Raises:
            EvidenceError: a process ended, or does not come to send.
        """
        wanted = self._stages[number].loads
        for path in [path for path in self._playing if path not in wanted]:
            self._pause(path, number)
        new = [path for path in wanted if path not in self._playing]
        for path in new:
            if path not in self._waiting:
                self._start(path)
            self._playing[path] = self._waiting.pop(path)
            self._playing[path].go()
        for path in new:
            self._playing[path].wait_for("arrivals-started", START_SECONDS, alive)
        if new:
            names = tuple(traffic.settings.name for traffic in self._playing.values())
            self._history.add(records.TrafficFlows(names))

    def check_alive(self) -> None:
        """Raise when a generator that sends, or will, has died.

        Raises:
            EvidenceError: with its last log lines.
        """
        for traffic in (*self._playing.values(), *self._waiting.values()):
            traffic.check_alive()

    def slower_than(self, limit: float) -> int:
        """Requests known so far that took the clients longer than a number of seconds."""
        return sum(traffic.slower_than(limit) for traffic in self._every)

    def stop(self) -> None:
        """End all of them."""
        for traffic in self._every:
            traffic.stop()

    def record(self) -> None:
        """Write the ledgers of what has sent into the history; one that cannot be read is a gap."""
        unused = list(self._waiting.values())
        for traffic in self._every:
            if traffic not in unused:
                with recording.attempt(self._history, LEDGER_OF + traffic.settings.name):
                    self._history.add(traffic.record())

    def _start(self, path: Path) -> None:
        taken = {traffic.settings.name for traffic in self._every}
        names = (path.stem, *(f"{path.stem}-{number}" for number in range(2, len(taken) + 3)))
        name = next(name for name in names if name not in taken)
        rate, width = self._rates[path], self._bench.pace.bin_seconds
        settings = Settings(path, self._bench.service.url, name, width, rate, TRAFFIC_SECONDS)
        traffic = Traffic(settings, self._folder, self._bench.tools.journal)
        self._every.append(traffic)
        self._waiting[path] = traffic
        self._say(f"{name}: starting Locust, {rate:g}/s")
        traffic.start()

    def _pause(self, path: Path, number: int) -> None:
        again = any(path in stage.loads for stage in self._stages[number:])
        self._say(f"{path.stem}: {'pauses' if again else 'ends'}, no drill of the batch needs it")
        self._playing.pop(path).stop()  # with its open requests answered
        if again:
            self._start(path)
