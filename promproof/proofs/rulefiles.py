"""Reads rule files, folders of them and PrometheusRule resources; what can't be read is a line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from promproof.config import usertext, yamlfile
from promproof.config.durations import parse_duration
from promproof.config.inputs import Document
from promproof.config.usertext import Mistake
from promproof.config.yamltext import Key
from promproof.findings.part import scalar_text
from promproof.proofs.copies import is_copy
from promproof.proofs.outcome import Alert
from promproof.proofs.recordings import Recordings
from promproof.proofs.tree import NotCovered, parse

ENDINGS = (".yml", ".yaml", ".rules")
OLD = re.compile(r"^\s*ALERT\s+(?P<name>\w+)\s+IF\b", re.MULTILINE)
TEMPLATED = "; it has templates: render it before, with helm template say"


@dataclass(frozen=True)
class Held:
    """Where a rule stands. record: what it records; empty for an alert."""

    file: Path
    where: str
    group: str
    record: str


@dataclass
class Rules:
    """What was read. files: the rule files among the paths."""

    alerts: list[Alert] = field(default_factory=list)
    recordings: list[Mapping[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    """Every rule of these files, in order."""
    scrapes: list[float] = field(default_factory=list)
    """The scrape intervals of the Prometheus files among them."""
    external: Mapping[str, str] | None = None
    """The external labels of the one Prometheus file among them; None: not known, which label an alert gets."""
    prometheuses: int = 0
    evaluation: float | None = None
    """The evaluation interval of that Prometheus file."""
    offset: float | None = None
    """Its `rule_query_offset`, for groups that say none."""

    @property
    def scrape(self) -> float | None:
        """The shortest scrape interval of the folder; None when no file says any."""
        return min(self.scrapes, default=None)


def read(paths: Sequence[Path]) -> Rules:
    """The rules of files and folders; in a folder, files that hold no rules are passed over."""
    found = Rules()
    for path in paths:
        if path.is_dir():
            for file in sorted(f for f in path.rglob("*") if f.suffix in ENDINGS and f.is_file()):
                if file.parent == path or not is_copy(file):
                    _file(file, found, named=False)
        else:
            _file(path, found, named=True)
    return _timed(found)


def read_found(files: Sequence[Path]) -> Rules:
    """The rules of files that were found somewhere: what can't be read, and copies of rules, are passed over."""
    found = Rules()
    for file in files:
        if not is_copy(file):
            _file(file, found, named=False)
    return _timed(found)


def _timed(found: Rules) -> Rules:
    """With what the one Prometheus file says where a group does not, and with what recording rules bring along."""
    if found.prometheuses == 1:
        found.alerts = [
            replace(
                alert,
                every=alert.every or found.evaluation,
                offset=found.offset if alert.offset is None else alert.offset,
            )
            for alert in found.alerts
        ]
    if any("limit" in rule or "query_offset" in rule for rule in found.recordings):
        recordings = Recordings(found.recordings)
        found.alerts = [_after(alert, recordings) for alert in found.alerts]
    return found


def _after(alert: Alert, recordings: Recordings) -> Alert:
    """An alert with the limits and offsets of the recording rules that it reads.

    Prometheus stamps what it records with the moment that it asked about: of several offsets the longest counts.
    """
    try:
        names = {str(rule["record"]) for rule in recordings.needed(parse(alert.expression))}
    except (NotCovered, ValueError, RecursionError):
        return alert
    rules = [rule for name in sorted(names) for rule in recordings.by_name[name]]
    offsets = [parse_duration(str(rule["query_offset"])) for rule in rules if "query_offset" in rule]
    bounded = {str(rule["record"]): int(rule["limit"]) for rule in rules if "limit" in rule}
    longest = max([alert.offset or 0.0, *offsets]) or alert.offset
    return replace(alert, offset=longest, bounded=tuple(sorted(bounded.items())))


def _file(path: Path, found: Rules, *, named: bool) -> None:
    try:
        documents = list(_documents(path))
    except Mistake as mistake:
        start = usertext.beginning(path)
        if _told_as_old(path, start, found):
            return
        if named or not start or "groups:" in start:
            place = f"{path}:{mistake.line}" if mistake.line else str(path)
            found.problems.append(f"{place}: {mistake.text}{TEMPLATED if '{{' in start else ''}")
        return
    read_any = False
    for document in documents:
        found.scrapes += scrape_intervals(document.data)
        _external(document.data, found)
        for groups, prefix in _groups(document.data):
            read_any = True
            for g, group in enumerate(groups):
                _group(group, document, (*prefix, "groups", g), found, named=named)
    if read_any:
        found.files.append(path)
    elif not _told_as_old(path, usertext.beginning(path), found) and named:
        what = next(filter(None, map(_other, documents)), "no rule file: no list of groups")
        found.problems.append(f"{path}: {what}")


def _group(group: Any, document: Document, place: Key, found: Rules, *, named: bool) -> None:
    rules = group.get("rules") if isinstance(group, dict) else None
    if named and not isinstance(group, dict):
        found.problems.append(f"{document.where(place)}: a group that has no keys")
    if isinstance(group, dict) and type(group.get("limit") or 0) is not int:
        where = document.where((*place, "limit"))
        found.problems.append(
            f"{where}: group {group.get('name')}: limit {group['limit']!r} is no whole number"
        )
    if named and rules is not None and not isinstance(rules, list):
        found.problems.append(f"{document.where(place)}: rules are no list")
    for r, rule in enumerate(rules if isinstance(rules, list) else ()):
        _rule(rule, group, document.where((*place, "rules", r)), document.path, found)


def _other(document: Document) -> str:
    """What a document without groups is, where it has rules all the same; empty where it has none."""
    data = document.data
    if isinstance(data, list) and data and isinstance(data[0], dict) and "rules" in data[0]:
        return "a list of groups without the key `groups:` above it"
    if isinstance(data, dict) and isinstance(data.get("groups"), list) and _is_of_grafana(data):
        return "alert rules of Grafana, which `promproof check` reads: there is no rule of Prometheus"
    if isinstance(data, dict) and data.get("kind") == "ConfigMap" and isinstance(data.get("data"), dict):
        keys = [str(key) for key, text in data["data"].items() if "groups:" in str(text)]
        if keys:
            return f"a ConfigMap that has rules as text ({', '.join(keys[:3])}): give that text as a file"
    return ""


def _told_as_old(path: Path, start: str, found: Rules) -> bool:
    """Whether a file has alerts as Prometheus 1 wrote them, which is then told."""
    old = OLD.search(start)
    if old is None:
        return False
    line = start.count("\n", 0, old.start("name")) + 1
    found.problems.append(
        f"{path}:{line}: {old['name']}: an alert in the language of Prometheus 1 (ALERT ... IF ...), which "
        "Prometheus 2 and its promtool do not read: write it as YAML"
    )
    return True


def _documents(path: Path) -> Iterator[Document]:
    """Every document of a file, with the lines that they have in it."""
    for parsed in yamlfile.documents(usertext.read(path)):
        yield Document(path, parsed.data, parsed.lines)


def scrape_intervals(data: Any) -> Iterator[float]:
    """The scrape intervals of the jobs of a Prometheus file, in seconds; none where the data are something else."""
    if not isinstance(data, dict) or not isinstance(data.get("scrape_configs"), list):
        return
    general = data.get("global")
    usual = (general.get("scrape_interval") if isinstance(general, dict) else None) or "1m"
    for job in data["scrape_configs"]:
        with suppress(ValueError, AttributeError):
            yield parse_duration(str(job.get("scrape_interval") or usual))


def _external(data: Any, found: Rules) -> None:
    if not isinstance(data, dict) or "scrape_configs" not in data:
        return
    found.prometheuses += 1
    general, alerting = data.get("global") or {}, data.get("alerting") or {}
    is_known = isinstance(general, dict) and isinstance(alerting, dict)
    labels = general.get("external_labels") or {} if is_known else None
    with suppress(ValueError):
        found.evaluation = (
            parse_duration(str(general.get("evaluation_interval") or "1m")) if is_known else None
        )
    with suppress(ValueError):
        said = general.get("rule_query_offset") if is_known else None
        found.offset = parse_duration(str(said)) if said else None
    if found.prometheuses > 1 or not isinstance(labels, dict) or alerting.get("alert_relabel_configs"):
        found.external = None
    else:
        found.external = _texts(labels)


def _groups(data: Any, prefix: Key = ()) -> Iterator[tuple[list[Any], Key]]:
    """The lists of groups: of a rule file, of a resource that has one in its `spec`, and of a list of resources."""
    if not isinstance(data, dict):
        return
    if isinstance(data.get("groups"), list):
        if not _is_of_grafana(data):
            yield data["groups"], prefix
    elif str(data.get("kind")).endswith("List") and isinstance(data.get("items"), list):
        for place, item in enumerate(data["items"]):
            yield from _groups(item, (*prefix, "items", place))
    elif isinstance(data.get("spec"), dict) and isinstance(data["spec"].get("groups"), list):
        yield data["spec"]["groups"], (*prefix, "spec")


def _is_of_grafana(data: Mapping[str, Any]) -> bool:
    """Whether it provisions alert rules of Grafana: its files say their version as a number."""
    return type(data.get("apiVersion")) is int


def _rule(rule: Any, group: Mapping[str, Any], where: str, path: Path, found: Rules) -> None:
    problem = _mistake(rule, group)
    if problem:
        found.problems.append(f"{where}: group {group.get('name')}: {problem}")
        return
    name = scalar_text(rule.get("alert") or rule.get("record"))
    named = str(group.get("name") or "")
    found.held.append(Held(path, where, named, name if rule.get("record") else ""))
    texts = ("alert", "record", "expr", "for", "keep_firing_for")
    data = {
        str(key): scalar_text(value) if key in texts else value
        for key, value in rule.items()
        if value is not None
    }
    labels = {**(group.get("labels") or {}), **(rule.get("labels") or {})}
    data.pop("labels", None)
    if labels:
        data["labels"] = _texts(labels)
    if rule.get("annotations"):
        data["annotations"] = _texts(rule["annotations"])
    limit, said = group.get("limit"), group.get("query_offset")
    whole = limit if isinstance(limit, int) and limit > 0 else 0
    if rule.get("record"):
        found.recordings.append(
            data | ({"limit": whole} if whole else {}) | ({"query_offset": said} if said else {})
        )
        return
    hold = parse_duration(str(rule.get("for") or "0s"))
    every = parse_duration(str(group.get("interval") or "0s")) or None
    offset = None if said is None else parse_duration(str(said))
    found.alerts.append(Alert(name, data["expr"], hold, data, named, where, every, whole, offset))


def _texts(scalars: Mapping[Any, Any]) -> dict[str, str]:
    """Labels or annotations as Prometheus reads them: as they are written, and none where nothing is."""
    return {str(key): scalar_text(value) for key, value in scalars.items() if value is not None}


def _mistake(rule: Any, group: Mapping[str, Any]) -> str:
    """What keeps a rule from being read; empty when nothing does."""
    if not isinstance(rule, dict):
        return "a rule that has no keys"
    name = rule.get("alert") or rule.get("record")
    if not name:
        return "a rule without alert or record"
    for key in ("alert", "record", "expr"):
        if isinstance(rule.get(key), dict | list):
            return f"{name}: {key} is no text"
    if not str(rule.get("expr") or "").strip():
        return f"{name}: no expression"
    for holder, key in ((group, "labels"), (rule, "labels"), (rule, "annotations")):
        texts = holder.get(key) or {}
        if not isinstance(texts, dict):
            return f"{name}: {key} are no mapping"
        for label, text in texts.items():
            if isinstance(text, dict | list):
                return f"{name}: {key}.{label} is no text"
    try:
        for key in ("for", "keep_firing_for"):
            parse_duration(str(rule.get(key) or "0s"))
        for key in ("interval", "query_offset"):
            parse_duration(str(group.get(key) or "0s"))
    except ValueError as error:
        return f"{name}: {error}"
    return ""
