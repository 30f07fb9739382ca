"""Reading Node Exporter itself during a drill: the second of the three ledgers of CPU and memory."""

from __future__ import annotations

import requests

from promproof.evidence.history import Recorder
from promproof.evidence.records import NodeReading, ObservationFailed
from promproof.exposition import Exposition, parse
from promproof.stack.waiting import loopback_session

TIMEOUT_SECONDS = 5.0


class NodeReader:
    """Reads the exporter's exposition and keeps what the drills need of it."""

    def __init__(self, history: Recorder, url: str | None) -> None:
        self._history = history
        self._url = url

    def read(self, drill: str) -> None:
        """Write one reading down; a failed one says nothing."""
        if self._url is None:
            return
        begin = self._history.now()
        try:
            with loopback_session() as session:
                answer = session.get(f"{self._url}/metrics", timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            found = parse(answer.text)
        except (requests.RequestException, ValueError) as error:
            self._history.add(ObservationFailed("node exporter", str(error)))
            return
        self._history.add(NodeReading(drill, begin, self._history.now(), **_figures(found)))


def _figures(found: Exposition) -> dict[str, float]:
    cpu = found.series("node_cpu_seconds_total")
    memory = [found.series(f"node_memory_{name}_bytes") for name in ("MemAvailable", "MemTotal")]
    available, total = (next(iter(series.values()), float("nan")) for series in memory)
    return {
        "cpu": sum(cpu.values()),
        "idle": sum(value for labels, value in cpu.items() if dict(labels)["mode"] == "idle"),
        "available": available,
        "total": total,
    }
