"""setting/…: intervals, grouping and notifications are the documented ones, and nothing is dropped, muted or held.

Read from the files as deployed, inherited values filled in. A number that the contract leaves out is not judged; what
takes something away is judged in every contract that has `settings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from promproof.checks.base import Check, Claim, findings, register
from promproof.checks.files import judged
from promproof.config.routing import matchers
from promproof.contract.model import Contract, seconds
from promproof.contract.settings import GroupSettings, JobSettings, Settings
from promproof.evidence.evidence import Evidence
from promproof.verdict import Verdict

Facts = dict[str, Any]
Look = Callable[[Contract, Settings, Facts], Iterator[str]]
TIMERS = ("group_by", "group_wait", "group_interval", "repeat_interval")


def _differs(where: str, what: str, value: Any, wanted: Any) -> Iterator[str]:
    """Nothing, or how a value differs; durations are compared by their length."""
    is_length = isinstance(value, int | float) and isinstance(wanted, str)
    if (value != seconds(wanted)) if is_length else (value != wanted):
        shown = f"{value:g} s" if is_length else value
        yield f"{where}: {what} is {shown}, documented {wanted}"


def _scrapes(key: str) -> Look:
    def look(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
        for name, job in said.get("jobs", {}).items():
            wanted = getattr(settings.jobs.get(name), key, None) or getattr(settings, key)
            if wanted is not None:
                yield from _differs(job["where"], f"{key} of {name}", job[key], wanted)

    return look


def _sources(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    """Grafana takes the data source's interval for the scrape interval; 15s where it has none."""
    for source in said.get("sources", ()):
        if settings.scrape_interval is not None and source["type"] == "prometheus" and source["interval"]:
            what = f"timeInterval of the data source {source['name']}"
            if not _same(source["interval"], settings.scrape_interval):
                yield f"{source['where']}: {what} is {source['interval']}, documented {settings.scrape_interval}"


def _same(text: str, wanted: str) -> bool:
    try:
        return seconds(text) == seconds(wanted)
    except ValueError:  # Grafana takes more than Prometheus: `>15s`, a variable
        return True


def _intervals(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    yield from _scrapes("scrape_interval")(contract, settings, said)
    yield from _sources(contract, settings, said)


def _evaluation(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for group in said.get("groups", {}).values():
        own = settings.groups.get(group["name"], GroupSettings())
        wanted = own.interval or settings.evaluation_interval
        if wanted is not None:
            yield from _differs(
                group["where"], f"interval of the group {group['name']}", group["interval"], wanted
            )


def _timer(key: str) -> Look:
    def look(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
        for alert, routes in _routes(contract, said):
            for route in routes:
                wanted = settings.timer(key, route["receiver"])
                if wanted is not None:
                    wanted = sorted(wanted) if key == "group_by" else wanted
                    what = f"{key} of {alert} on its way to {route['receiver']}"
                    yield from _differs(route["where"], what, route[key], wanted)

    return look


def _routes(contract: Contract, said: Facts) -> Iterator[tuple[str, list[Facts]]]:
    known = {alert.name for alert in contract.alerts}
    return ((name, routes) for name, routes in said.get("routes", {}).items() if name in known)


def _integrations(contract: Contract, said: Facts) -> Iterator[tuple[str, Facts]]:
    used = {name for alert in contract.alerts for name in alert.receivers}
    for name, receiver in said.get("receivers", {}).items():
        for integration in receiver["integrations"] if name in used else ():
            yield name, integration


def _resolved(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for name, integration in _integrations(contract, said):
        own = getattr(settings.receivers.get(name), "send_resolved", None)
        wanted = settings.send_resolved if own is None else own
        if wanted is not None and integration["send_resolved"] != wanted:
            tells = "does not hear" if wanted else "hears"
            yield f"{integration['where']}: {name} {tells} when an alert is over"


def _most(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for name, integration in _integrations(contract, said):
        own = getattr(settings.receivers.get(name), "max_alerts", None)
        wanted = settings.max_alerts if own is None else own
        yield from _differs(
            integration["where"], f"max_alerts of {name}", integration["max_alerts"], str(wanted)
        )


def _limits(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for name, job in said.get("jobs", {}).items():
        wanted = {
            key: str(value) for key, value in settings.jobs.get(name, JobSettings()).limits.items() if value
        }
        for key in sorted(job["limits"].keys() | wanted.keys()):
            shown, documented = job["limits"].get(key, "none"), wanted.get(key, "none")
            yield from _differs(job["where"], f"{key} of {name}", shown, documented)
    for group in said.get("groups", {}).values():
        own = settings.groups.get(group["name"], GroupSettings())
        what = f"of the group {group['name']}"
        yield from _differs(group["where"], f"limit {what}", group["limit"], own.limit)
        offset = own.query_offset or "0s"
        yield from _differs(group["where"], f"query_offset {what}", float(group["query_offset"]), offset)


def _relabelling(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for name, job in said.get("jobs", {}).items():
        if job["relabelled"] and not settings.jobs.get(name, JobSettings()).relabelled:
            yield f"{job['where']}: {name} relabels what it scrapes, which is not documented"
        if job.get("filters") and not settings.jobs.get(name, JobSettings()).relabelled:
            yield f"{job['where']}: {name} asks for {', '.join(job['filters'])} alone, which is not documented"
        if job.get("converted") and not settings.jobs.get(name, JobSettings()).relabelled:
            yield f"{job['where']}: {name} stores histograms without their _bucket series, which is not documented"
        if job["honor_labels"] and not settings.jobs.get(name, JobSettings()).relabelled:
            yield f"{job['where']}: {name} takes job and instance from what it scrapes, which is not documented"
        if not job["honor_timestamps"] and not settings.jobs.get(name, JobSettings()).relabelled:
            yield f"{job['where']}: {name} leaves out the times of what it scrapes, which is not documented"
    places = [
        *said.get("alerts_relabelled", ()),
        *(
            alertmanager["where"]
            for alertmanager in said.get("alertmanagers", ())
            if alertmanager["relabelled"]
        ),
    ]
    for where in places if not settings.alerts_relabelled else ():
        yield f"{where}: alerts are relabelled before they are sent, which is not documented"


def _inhibitions(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    wanted = [
        (_written(inhibition.source), _written(inhibition.target), sorted(inhibition.equal))
        for inhibition in settings.inhibitions
    ]
    there = [
        (inhibition["source"], inhibition["target"], inhibition["equal"])
        for inhibition in said.get("inhibitions", ())
    ]
    for inhibition, shape in zip(said.get("inhibitions", ()), there, strict=True):
        if shape not in wanted:
            yield f"{inhibition['where']}: {_inhibition(*shape)}, which is not documented"
    for shape in wanted:
        if shape not in there:
            yield f"{_inhibition(*shape)} is documented, and no inhibition says so"


def _written(texts: tuple[str, ...]) -> list[str]:
    return sorted("".join(matcher) for text in texts for matcher in matchers(text))


def _inhibition(source: list[str], target: list[str], equal: list[str]) -> str:
    alike = f" with the same {', '.join(equal)}" if equal else ""
    return f"an alert with {', '.join(source) or 'anything'} mutes those with {', '.join(target) or 'anything'}{alike}"


def _muted(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for muting in said.get("muted", ()):
        if muting["name"] not in settings.muted:
            yield f"{muting['where']}: a route goes by the times of {muting['name']}, which is not documented"
    used = {muting["name"] for muting in said.get("muted", ())}
    for name in settings.muted:
        if name not in used:
            yield f"no route goes by the times of {name}, which is documented"


def _kept(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    for alert in contract.alerts:
        rule = said.get("alerts", {}).get(alert.name)
        if rule is not None:
            wanted = alert.keep_firing_for or "0s"
            what = f"keep_firing_for of {alert.name}"
            yield from _differs(rule["where"], what, rule["keep_firing_for"], wanted)


def _external(contract: Contract, settings: Settings, said: Facts) -> Iterator[str]:
    """As stated; where nothing is, none that changes where an alert goes: alerts have these labels, too."""
    labels, wanted = said.get("external_labels", {}), settings.external_labels
    if wanted is not None:
        if labels != wanted:
            yield f"external_labels are {labels or 'none'}, documented {wanted or 'none'}"
        return
    for name in sorted(labels.keys() & {"alertname", "severity", *said.get("routed_by", ())}):
        yield f"the external label {name} is one by which alerts are routed or grouped, and is not documented"


STATED: dict[str, Look] = {
    "scrape_interval": _intervals,
    "scrape_timeout": _scrapes("scrape_timeout"),
    "evaluation_interval": _evaluation,
    **{key: _timer(key) for key in TIMERS},
    "send_resolved": _resolved,
}
"""Judged where the contract says them."""
ALWAYS: dict[str, Look] = {
    "limits": _limits,
    "relabelling": _relabelling,
    "inhibitions": _inhibitions,
    "muted": _muted,
    "max_alerts": _most,
    "keep_firing_for": _kept,
    "external_labels": _external,
}
"""Judged in every contract with settings: what they take away shows in nothing else."""


def claims(contract: Contract) -> list[Claim]:
    """One for each setting that is stated, and those that always are."""
    settings = contract.settings
    if settings is None:
        return []
    return [Claim(f"setting/{key}", key) for key in (*filter(settings.states, STATED), *ALWAYS)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the files with the contract."""
    record = judged(evidence)
    contract, key = evidence.contract, claim.subject
    assert contract.settings is not None  # claims
    look = STATED.get(key) or ALWAYS[key]
    found = list(dict.fromkeys(look(contract, contract.settings, record.data.facts)))
    wanted = getattr(contract.settings, key, None)
    return findings(
        claim,
        found,
        good="as documented",
        expected=f"{key} {wanted}" if wanted else "as documented",
        evidence=[record.number],
    )


CHECK = register(Check("settings", claims, judge, order=140))
