"""The loads of a run of drills: each a Locust process that sends in the stages that need it.

All processes are started at once, since that takes seconds, and wait for their first stage. A load that takes from a
dose pauses: its process ends with its requests answered and its ledger whole, and another one goes on later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from promproof.drills.batching import Load, Stage
from promproof.evidence import records
from promproof.evidence.evidence import LEDGER_OF
from promproof.observe import recording
from promproof.run.bench import Bench
from promproof.run.frame import Ground
from promproof.run.traffic import TRAFFIC_SECONDS, Settings, Traffic

START_SECONDS = 40.0


class Loads:
    """What is sent in each stage. stages: of the whole run."""

    def __init__(self, ground: Ground, bench: Bench, stages: Sequence[Stage]) -> None:
        self._folder = ground.folder
        self._history = ground.history
        self._say = ground.say
        self._bench = bench
        self._stages = stages
        self._waiting: dict[Load, Traffic] = {}
        self._playing: dict[Load, Traffic] = {}
        self._every: list[Traffic] = []

    @property
    def rate(self) -> float:
        """Sessions a second of all that is sent now."""
        return sum(load.rate for load in self._playing)

    def start(self) -> None:
        """Start a process for each load, none of which sends yet."""
        for load in dict.fromkeys(load for stage in self._stages for load in stage.loads):
            self._start(load)

    def play(self, number: int, alive: Callable[[], None]) -> None:
        """Send what a stage needs and nothing that takes from its doses. alive: raises EvidenceError on a death.

        Raises:
            EvidenceError: a process ended, or does not come to send.
        """
        wanted = self._stages[number].loads
        new = [load for load in wanted if load not in self._playing]
        for load in new:
            if load not in self._waiting:
                self._start(load)
            self._playing[load] = self._waiting.pop(load)
            self._playing[load].go()
        for load in new:
            self._playing[load].wait_for("arrivals-started", START_SECONDS, alive)
        for load in [load for load in self._playing if load not in wanted]:
            self._pause(load, number)
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
        """End all of them, also when one is interrupted meanwhile."""
        with ExitStack() as ends:
            for traffic in reversed(self._every):
                ends.callback(traffic.stop)

    def record(self) -> None:
        """Write the ledgers of what has sent into the history; one that cannot be read is a gap."""
        unused = list(self._waiting.values())
        for traffic in self._every:
            if traffic not in unused:
                with recording.attempt(self._history, LEDGER_OF + traffic.settings.name):
                    self._history.add(traffic.record())

    def _start(self, load: Load) -> None:
        taken = {traffic.settings.name for traffic in self._every}
        stem = load.path.stem
        names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
        name = next(name for name in names if name not in taken)
        width = self._bench.pace.bin_seconds
        settings = Settings(load.path, self._bench.service.url, name, width, load.rate, TRAFFIC_SECONDS)
        traffic = Traffic(settings, self._folder, self._bench.tools.journal)
        self._every.append(traffic)
        self._waiting[load] = traffic
        self._say(f"{name}: starting Locust, {load.rate:g}/s")
        traffic.start()

    def _pause(self, load: Load, number: int) -> None:
        again = any(load in stage.loads for stage in self._stages[number:])
        ending = self._playing.pop(load)
        self._say(f"{ending.settings.name}: {'pauses' if again else 'ends'}, no drill of the batch needs it")
        ending.stop()  # with its open requests answered
        if again:
            self._start(load)
