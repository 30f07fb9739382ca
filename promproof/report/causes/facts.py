"""What the rules of causes ask of a run beside its verdicts: which claim is about which metric, and what the history
holds that no check judges: who inhibited an alert, and counters that go back and forth.

Each fact is taken by itself: one that can't be had is empty, and only the rules that need it stay silent.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Samples
from promproof.evidence.records import DrillDriven, HeldPoll, Inputs, Tools, Trouble
from promproof.evidence.torn import goes_back_and_forth
from promproof.exposition import Labels
from promproof.places import MADE
from promproof.truth.views import views
from promproof.verdict import Verdict

F = TypeVar("F")


@dataclass(frozen=True)
class Facts:
    """What is known of a run; everything is empty for one without evidence.

    alerts: the documented metrics by alert; severities: their documented severities. drills: alerts by the name of
    their drill. panels: the queries by `dashboard/panel`. exposed, documented: help text by metric. inhibited: by alert
    the names of those that inhibited it. torn: counters that went back and forth. trouble: what broke the run off.
    command: what was run, `promproof verify` with the options that name its input.
    """

    url: str = "http://TARGET/metrics"
    alertmanager: str = "alertmanager.yml"
    alerts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    drills: Mapping[str, str] = field(default_factory=dict)
    panels: Mapping[str, str] = field(default_factory=dict)
    exposed: Mapping[str, str] = field(default_factory=dict)
    documented: Mapping[str, str] = field(default_factory=dict)
    inhibited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    torn: tuple[str, ...] = ()
    trouble: str = ""
    command: str = "promproof verify"

    def alert_of(self, claim: str) -> str:
        """The alert that a claim is about, as its id says; empty for none."""
        kind, _, rest = claim.partition("/")
        subject = rest.partition("/")[0]
        return subject if kind == "alert" else self.drills.get(subject, "") if kind == "drill" else ""

    def plain(self, claim: str) -> str:
        """The id with which rules look at a claim: what a drill promises, its alert does."""
        kind, _, rest = claim.partition("/")
        drill, _, aspect = rest.partition("/")
        return (
            f"alert/{self.drills[drill]}/live/{aspect}" if kind == "drill" and drill in self.drills else claim
        )

    def again(self, causes: Sequence[Verdict], claims: str) -> str:
        """The command that shows claims again, given the beginning of their ids; of a drill, its name."""
        drills = _drills(causes)
        return " ".join([self.command, *(drills or ["--claim", claims])])

    def whole(self, causes: Sequence[Verdict]) -> str:
        """The command that runs all of this again, but of several drills only those of these claims."""
        return " ".join([self.command, *_drills(causes)])

    def uses(self, claim: str, metric: str) -> bool:
        """Whether a claim is about something that is computed from the metric."""
        kind, _, rest = claim.partition("/")
        if kind == "metric":
            return rest.partition("/")[0] == metric
        if kind == "panel":
            return names(self.panels.get(rest.rpartition("/")[0], ""), metric)
        return metric in self.alerts.get(self.alert_of(claim), ())


def _drills(causes: Sequence[Verdict]) -> list[str]:
    """The drills that claims belong to, each once."""
    return list(dict.fromkeys(v.claim.split("/")[1] for v in causes if v.claim.startswith("drill/")))


def names(text: str, metric: str) -> bool:
    """Whether a text names a metric, or one of a histogram's series."""
    return re.search(rf"(?<![\w:]){re.escape(metric)}(_bucket|_count|_sum)?(?![\w:])", text) is not None


def facts_of(evidence: Evidence | None) -> Facts:
    """What a run tells."""
    if evidence is None:
        return Facts()
    contract = evidence.contract
    return Facts(
        url=_had(partial(_url, evidence), Facts.url),
        alertmanager=_had(partial(_alertmanager, evidence), Facts.alertmanager),
        alerts={alert.name: tuple(alert.metrics) for alert in contract.alerts},
        severities={alert.name: alert.severity or "" for alert in contract.alerts},
        drills={record.data.name: record.data.alert for record in evidence.history.of(DrillDriven)},
        panels=_had(partial(_panels, evidence), {}),
        exposed=_had(lambda: {f.name: f.help for f in evidence.rest.exposition.families.values()}, {}),
        documented={metric.name: metric.help or "" for metric in contract.metrics},
        inhibited=_had(partial(_inhibited, evidence), {}),
        torn=_had(partial(_torn, evidence, contract), ()),
        trouble=next((record.data.error for record in evidence.history.of(Trouble)), ""),
        command=_had(partial(_command, evidence), Facts.command),
    )


def _had(fact: Callable[[], F], otherwise: F) -> F:
    """A fact, or its default when it can't be had: the report of a broken run must not break as well."""
    try:
        return fact()
    except Exception:
        return otherwise


def _url(evidence: Evidence) -> str:
    return f"http://{evidence.run.instance}{evidence.contract.target.metrics_path}"


def _alertmanager(evidence: Evidence) -> str:
    """The path of Alertmanager's file: in the monitoring folder, as amtool was given it."""
    inputs = evidence.history.last(Inputs)
    folder = inputs.data.options.get("monitoring") if inputs is not None else None
    commands = (row.command for row in evidence.need(Tools).data.results)
    files = (command.split()[-1] for command in commands if command.startswith("amtool"))
    path = next(files, Facts.alertmanager)
    return f"{folder}/{path}" if folder else path


def _panels(evidence: Evidence) -> dict[str, str]:
    return {
        f"{dashboard.uid}/{panel.slug}": "\n".join(target.expression for target in panel.targets)
        for dashboard in views(evidence).folder.dashboards
        for panel in dashboard.panels
    }


def _command(evidence: Evidence) -> str:
    """The command with the options that name its input, so that a copy of it asks for the same contract."""
    inputs = evidence.need(Inputs).data
    given = {key: str(inputs.options[key]) for key in ("contract", "monitoring") if inputs.options.get(key)}
    # a folder that the run made for a service without any is not the user's to name
    said = [
        f"--{key} {shlex.quote(path)}"
        for key, path in given.items()
        if not is_usual(given, inputs.options) and f"/{MADE}/" not in path
    ]
    target, stack = inputs.options.get("target") or {}, inputs.options.get("stack") or {}
    running = {
        "target": target.get("url"),
        "metrics": target.get("metrics"),
        **{name: stack.get(name) for name in ("prometheus", "alertmanager")},
    }
    said += [f"--{name} {shlex.quote(url)}" for name, url in running.items() if url]
    return " ".join(["promproof", "drill" if inputs.job == "drills" else "verify", *said])


def is_usual(given: Mapping[str, str], options: Mapping[str, Any]) -> bool:
    """Whether contract and monitoring folder are those that the command takes by itself where it was run.

    A copy of the folder has the same names: what is judged again must be the copy, or a red claim comes out green.
    """
    home = given.get("monitoring", "").removesuffix("monitoring")
    reports = str(options.get("reports") or "")
    elsewhere = reports.endswith("/reports") and reports != f"{home}reports"
    return (
        given == {"contract": f"{home}monitoring/contract.yaml", "monitoring": f"{home}monitoring"}
        and not elsewhere
    )


def _inhibited(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Who inhibited each alert while Alertmanager held it, each once; one that is no alert of the run by its number."""
    known: dict[str, str] = {}
    by: dict[str, dict[str, None]] = {}
    for record in evidence.history.of(HeldPoll):
        for held in record.data.alerts:
            name = held.labels.get("alertname", "")
            known[fingerprint(held.labels)] = name
            by.setdefault(name, {}).update(dict.fromkeys(held.inhibited_by))
    return {
        name: tuple(dict.fromkeys(known.get(number, number) for number in numbers))
        for name, numbers in by.items()
        if numbers
    }


def fingerprint(labels: Mapping[str, str]) -> str:
    """How Alertmanager's API names an alert: FNV-1a of its sorted labels (prometheus/common `model/signature.go`)."""
    value = 14695981039346656037
    for name in sorted(labels):
        for byte in (*name.encode(), 255, *labels[name].encode(), 255):
            value = ((value ^ byte) * 1099511628211) % 2**64
    return f"{value:016x}"


def _torn(evidence: Evidence, contract: Contract) -> tuple[str, ...]:
    """Documented counters of which a stored series goes back and forth, in the contract's order."""
    found = []
    for metric in contract.metrics:
        if metric.type in ("counter", "histogram", "summary"):
            stored: Mapping[Labels, Samples] = _had(partial(evidence.stored, metric.sample), {})
            rows = stored.values()
            if any(goes_back_and_forth(value for _, value in samples) for samples in rows):
                found.append(metric.name)
    return tuple(found)
