"""Exercises a deployment in containers at the end of a run, step by step, and writes down what was seen.

What the documentation promises of restarts, of `down` and of the network is done to the run's own project. Nothing
is judged here.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.config.yamlfile import dump, load
from promproof.errors import EvidenceError
from promproof.evidence import records
from promproof.evidence.history import Recorder
from promproof.observe.prometheus import Prometheus
from promproof.render.monitoring import Rendered
from promproof.stack.protocol import ALERTMANAGER, PROMETHEUS, Deployed

_EDIT = "verification-reload"
SAMPLE_SECONDS = 5.0
STOP_SECONDS = 15.0
"""for the answers of an engine that is busy; its client's own time-out is longer"""
Say = Callable[[str], None]


class UsageSampler:
    """Asks for the usage of every service until it is stopped; a question that failed leaves a gap."""

    def __init__(self, deployed: Deployed, history: Recorder) -> None:
        self._deployed, self._history = deployed, history
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._samples: list[records.UsageSample] = []

    def start(self) -> None:
        """Take the first sample soon, and one every 5 s."""
        self._thread.start()

    def span(self) -> float:
        """Seconds from the first sample to now; 0 before the first."""
        return self._history.now() - self._samples[0].t if self._samples else 0.0

    def stop(self) -> None:
        """Take the last sample and write all of them down, once."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join(STOP_SECONDS)
        self._sample()
        self._history.add(records.Usage(tuple(self._samples)))

    def _run(self) -> None:
        self._sample()
        while not self._ended.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        begin = self._history.now()
        try:
            used = self._deployed.usage()
        except EvidenceError:
            return
        self._samples.append(records.UsageSample(begin, used))


def exercise(deployed: Deployed, prometheus: Prometheus, history: Recorder, settled: float, say: Say) -> None:
    """Look at the services, their ports and their network; restart Prometheus; `down` and `up`.

    settled: seconds after which a scrape is stored whatever it took.

    Raises:
        EvidenceError: the engine does not answer, or a component does not come back.
    """
    say("deployment: services, ports and isolation")
    look(deployed, prometheus, history)
    inside, outside = deployed.reached_inside(), deployed.reached_outside()
    history.add(records.Isolation(inside, outside))
    say("deployment: restart, down and up")
    survival(deployed, prometheus, history, settled)


def look(deployed: Deployed, prometheus: Prometheus, history: Recorder) -> None:
    """The record `services`: what the engine runs, what is published, and the series of each job in the run."""
    counts = {
        " ".join(str(dict(labels).get(key)) for key in ("job", "__name__")): value
        for labels, value in prometheus.query(
            f'count by (job, __name__) (last_over_time({{job!=""}}[{math.ceil(history.now())}s]))'
        )
    }
    history.add(
        records.Services(
            tuple(deployed.services()),
            tuple(deployed.listeners()),
            dict(deployed.present),
            dict(deployed.ports),
            dict(deployed.missing),
            counts,
        )
    )


def survival(deployed: Deployed, prometheus: Prometheus, history: Recorder, settled: float) -> None:
    """The records `survived` and `down`: an instant's series before and after a restart, and after `down` and `up`.

    settled: seconds after which a scrape is stored whatever it took.
    """
    instant = time.time() - settled

    def stored() -> dict[str, float]:
        rows = prometheus.query('{__name__=~".+",job!=""}', at=instant)
        return {" ".join(f"{key}={value}" for key, value in sorted(labels)): value for labels, value in rows}

    before = stored()
    deployed.restart(PROMETHEUS)
    history.add(_difference("restart", before, stored()))
    left = deployed.down()
    history.add(records.Down(tuple(left.things), left.processes, tuple(left.alive)))
    deployed.up_again()
    history.add(_difference("down and up", before, stored()))


def _difference(what: str, before: Mapping[str, float], after: Mapping[str, float]) -> records.Survived:
    lost = sorted(name for name in before if name not in after)
    changed = sorted(name for name in before if name in after and str(before[name]) != str(after[name]))
    return records.Survived(what, len(before), tuple(lost[:20]), len(lost), tuple(changed[:20]))


def edit_and_reload(
    rendered: Rendered,
    reload: Callable[[str], None],
    prometheus: Prometheus,
    receivers: Callable[[], list[str]] | None,
    history: Recorder,
) -> None:
    """The record `reload`: a rule and a receiver added to the files in use, read again, seen, and taken out again.

    reload: has a component read its files again. receivers: asks Alertmanager for its receivers' names.
    """
    rows = []
    if rendered.rule_files:
        group = {"name": _EDIT, "rules": [{"record": "verification_reload", "expr": "vector(1)"}]}

        def groups() -> list[str]:
            return [str(group["name"]) for group in prometheus.rules()]

        edit = _Edit(rendered.rule_files[0], "groups", group)
        rows.append(edit.try_out(lambda: reload(PROMETHEUS), groups))
    if rendered.alertmanager_config is not None and receivers is not None:
        edit = _Edit(rendered.alertmanager_config, "receivers", {"name": _EDIT})
        rows.append(edit.try_out(lambda: reload(ALERTMANAGER), receivers))
    history.add(records.Reloads(tuple(rows)))


@dataclass(frozen=True)
class _Edit:
    """An entry to be added to a list of a configuration file, and taken out again."""

    file: Path
    key: str
    entry: dict[str, Any]

    def try_out(self, reload: Callable[[], None], seen: Callable[[], list[str]]) -> records.Reload:
        text = self.file.read_text(encoding="utf-8")
        data = load(self.file, "the run copy").data
        data[self.key] = [*(data.get(self.key) or ()), self.entry]
        try:
            self.file.write_text(dump(data), encoding="utf-8")
            reload()
            during = seen()
        finally:
            self.file.write_text(text, encoding="utf-8")
        reload()
        return records.Reload(self.file.name, _EDIT, tuple(during), tuple(seen()))
