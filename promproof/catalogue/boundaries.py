"""The boundary proof of many set-ups that differ in little: of each alert once for the same promise and rules.

promtool is asked only about the alerts of which something is new; what they say together is put together again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from promproof.evidence.records import Boundary
from promproof.proofs.boundary import Deployed
from promproof.proofs.outcome import Alert as Rule
from promproof.proofs.recordings import stripped
from promproof.proofs.rulefiles import read, scrape_intervals
from promproof.run import static
from promproof.run.prepared import Prepared
from promproof.stack.binaries import Binaries

Key = tuple[str, ...]


class Boundaries:
    """Where the alerts of set-ups flip, and who notices when their series vanish."""

    def __init__(self) -> None:
        self._points: dict[Key, Boundary] = {}
        self._noticed: dict[Key, dict[str, dict[str, tuple[str, ...]]]] = {}

    def __call__(self, prepared: Prepared, binaries: Binaries) -> Boundary:
        """The whole proof.

        Raises:
            EvidenceError: promtool refused the rules.
        """
        whole = self.points(prepared, binaries)
        rules = read([document.path for document in prepared.folder.rules])
        wanted = [(alert.name, alert.vanishing) for alert in prepared.contract.alerts]
        about = tuple(map(_said, [*rules.recordings, *(rule.data for rule in rules.alerts), *wanted]))
        if about not in self._noticed:
            self._noticed[about] = static.vanished(prepared, binaries)
        return replace(whole, vanishing=self._noticed[about])

    def points(self, prepared: Prepared, binaries: Binaries) -> Boundary:
        """Without what vanishes.

        Raises:
            EvidenceError: promtool refused the rules.
        """
        scrape = min(scrape_intervals(prepared.folder.prometheus.data), default=None)
        deployed = Deployed(read([document.path for document in prepared.folder.rules]), scrape)
        rules: dict[str, list[Rule]] = {}
        for rule in deployed.rules.alerts:
            rules.setdefault(rule.name, []).append(rule)
        alerts = {
            (
                str(scrape),
                alert.model_dump_json(),
                _said(deployed.of(alert.name)),
                *(_said([rule.every, rule.limit, rule.offset]) for rule in rules.get(alert.name, ())),
            ): alert
            for alert in prepared.contract.alerts
        }
        if new := {about: alert for about, alert in alerts.items() if about not in self._points}:
            contract = prepared.contract.model_copy(update={"alerts": tuple(new.values())})
            asked = static.points(replace(prepared, contract=contract), binaries)
            self._points |= {about: _of(asked, alert.name) for about, alert in new.items()}
        return _together(self._points[about] for about in alerts)


def _said(value: object) -> str:
    """What a rule says, without its texts, which decide nothing."""
    return json.dumps(stripped(value) if isinstance(value, dict) else value, default=str)


def _of(asked: Boundary, name: str) -> Boundary:
    """What was asked of one alert."""
    return Boundary(
        tuple(point for point in asked.points if point[0] == name),
        rules={alert: rule for alert, rule in asked.rules.items() if alert == name},
        worlds=tuple(world for world in asked.worlds if world.alert == name),
        refused={alert: words for alert, words in asked.refused.items() if alert == name},
    )


def _together(known: Iterable[Boundary]) -> Boundary:
    parts = list(known)
    return Boundary(
        tuple(point for part in parts for point in part.points),
        rules={name: rule for part in parts for name, rule in part.rules.items()},
        worlds=tuple(world for part in parts for world in part.worlds),
        refused={name: words for part in parts for name, words in part.refused.items()},
    )
