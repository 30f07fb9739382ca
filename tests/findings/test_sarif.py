"""SARIF 2.1.0 (OASIS Standard, with errata 01): what its schema demands of a log, by hand, over every kind of finding.

Section numbers are those of the specification. The schema closes every object: a property that it does not know is
a mistake, and so is one that is missing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from promproof.findings import proofids
from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.judging import Unjudged
from promproof.findings.kind import KINDS
from promproof.findings.setup import Setup
from promproof.proofs.outcome import DEAD, Alert, Outcome
from promproof.report.findings import forms
from promproof.report.findings.proven import Proofs, added

pytestmark = pytest.mark.unit
LEVELS = ("none", "note", "warning", "error")
"""3.27.10, 3.58.6, 3.50.3"""
OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": (
        {"tool"},
        {"results", "invocations", "columnKind", "originalUriBaseIds"},
    ),
    "tool": ({"driver"}, {"extensions"}),
    "driver": ({"name"}, {"version", "semanticVersion", "informationUri", "rules"}),
    "rule": (
        {"id"},
        {"name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"},
    ),
    "invocation": ({"executionSuccessful"}, {"exitCode", "toolExecutionNotifications"}),
    "notification": ({"message"}, {"level", "associatedRule", "locations"}),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "level", "kind", "locations", "partialFingerprints"},
    ),
    "location": (set(), {"physicalLocation", "logicalLocations"}),
    "physicalLocation": (set(), {"artifactLocation", "region"}),
    "artifactLocation": (set(), {"uri", "uriBaseId", "index", "description"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn"}),
    "logicalLocation": (set(), {"name", "fullyQualifiedName", "kind"}),
}
"""By object: the properties that must be there, and those that may. Of what the schema allows, the part in use."""
_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
"""RFC 3986, appendix A, without brackets."""


def mistakes(log: Any) -> Iterator[str]:
    """What of a log is not as the schema demands."""
    yield from _keys("log", log)
    if log.get("version") != "2.1.0":  # 3.13.2
        yield f"version {log.get('version')!r}"
    for run in log.get("runs", ()):
        yield from _run(run)


def _keys(name: str, value: Any) -> Iterator[str]:
    needed, others = OBJECTS[name]
    yield from (f"{name} without {key}" for key in needed - value.keys())
    yield from (f"{name} has {key}" for key in value.keys() - needed - others)


def _run(run: Any) -> Iterator[str]:
    yield from _keys("run", run)
    if run.get("columnKind") not in ("utf16CodeUnits", "unicodeCodePoints"):  # 3.14.17
        yield f"columnKind {run.get('columnKind')!r}"
    bases = run.get("originalUriBaseIds", {})
    for base in bases.values():
        yield from _keys("artifactLocation", base)
        if "uri" in base and not base["uri"].endswith("/"):  # 3.14.14
            yield f"base {base['uri']}"
    yield from _keys("tool", run["tool"])
    driver = run["tool"]["driver"]
    yield from _keys("driver", driver)
    rules = driver.get("rules", [])
    if len({rule["id"] for rule in rules}) < len(rules):  # 3.19.23: unique
        yield "a rule twice"
    for rule in rules:
        yield from _keys("rule", rule)
        for key in ("shortDescription", "fullDescription", "help"):
            if key in rule and not rule[key].get("text"):  # 3.12.3
                yield f"{rule['id']}: {key} without text"
        yield from _level(rule.get("defaultConfiguration", {}).get("level", "warning"))
    ids = [rule["id"] for rule in rules]
    for result in run.get("results", ()):
        yield from _result(result, ids, bases)
    for invocation in run.get("invocations", ()):
        yield from _invocation(invocation, ids)


def _result(result: Any, ids: Sequence[str], bases: Any) -> Iterator[str]:
    yield from _keys("result", result)
    index = result.get("ruleIndex", -1)
    if not 0 <= index < len(ids) or ids[index] != result.get("ruleId"):  # 3.27.5, 3.27.6
        yield f"ruleIndex {index} of {result.get('ruleId')}"
    yield from _level(result.get("level", "warning"))
    yield from _message(result.get("message", {}))
    if not all(isinstance(mark, str) for mark in result.get("partialFingerprints", {}).values()):  # 3.27.17
        yield "a fingerprint is no text"
    for location in result.get("locations", ()):
        yield from _keys("location", location)
        physical = location.get("physicalLocation", {})
        yield from _keys("physicalLocation", physical)
        if "artifactLocation" not in physical:  # 3.29.2
            yield "a place without a file"
            continue
        yield from _artifact(physical["artifactLocation"], bases)
        yield from _keys("region", physical.get("region", {}))
        line = physical.get("region", {}).get("startLine")
        if not isinstance(line, int) or line < 1:  # 3.30.5
            yield f"startLine {line}"
        for logical in location.get("logicalLocations", ()):
            yield from _keys("logicalLocation", logical)


def _artifact(artifact: Any, bases: Any) -> Iterator[str]:
    """3.4.3, 3.4.4: relative to a base that is there; what has no base is absolute."""
    yield from _keys("artifactLocation", artifact)
    uri = artifact.get("uri", "")
    if not _URI.fullmatch(uri):
        yield f"no URI: {uri}"
    is_absolute = bool(urlsplit(uri).scheme)
    if is_absolute is ("uriBaseId" in artifact):
        yield f"{uri} {'with' if is_absolute else 'without'} a base"
    if not is_absolute and (uri.startswith("/") or ".." in uri.split("/")):
        yield f"{uri} is not below its base"
    if "uriBaseId" in artifact and artifact["uriBaseId"] not in bases:
        yield f"no base {artifact['uriBaseId']}"


def _invocation(invocation: Any, ids: Sequence[str]) -> Iterator[str]:
    yield from _keys("invocation", invocation)
    if not isinstance(invocation.get("executionSuccessful"), bool):  # 3.20.14
        yield "executionSuccessful is not true or false"
    if not isinstance(invocation.get("exitCode", 0), int):
        yield "exitCode"
    for note in invocation.get("toolExecutionNotifications", ()):
        yield from _keys("notification", note)
        yield from _level(note.get("level", "warning"))
        yield from _message(note.get("message", {}))
        if "associatedRule" in note and note["associatedRule"].get("id") not in ids:  # 3.52.4
            yield f"no rule {note['associatedRule']}"


def _level(level: str) -> Iterator[str]:
    if level not in LEVELS:
        yield f"level {level!r}"


def _message(message: Any) -> Iterator[str]:
    if not message.get("text"):  # 3.11.8
        yield "a message without text"


def log() -> Any:
    """Of a check with a finding of every kind, in files of many names, and with what was not verified."""
    files = ("rules.yml", "a b/r,u:l[1].yml", "../d.json", "/etc/é%.yml", "a:b.yml")
    severities = list(Severity)
    findings = tuple(
        Finding(
            rule,
            severities[place % len(severities)],
            files[place % len(files)],
            None if place % 3 == 0 else place,
            "" if place % 2 else "$.panels[0]",
            "it\x01is wrong",
            see="" if place % 2 else "a\nb",
        )
        for place, rule in enumerate([*KINDS.names(), *proofids.TITLES])
    )
    unjudged = tuple(
        Unjudged((rule,) if rule else (), "Down", Place("r.yml", 4), "why", crashed=crashed)
        for rule, crashed in (("rule/never-fires", True), ("", False))
    )
    checked = Checked(Setup(), Severity.HINT, findings, {}, unjudged)
    proofs = Proofs([Outcome(Alert("A", "a > 1", 0.0, {}, "g", "r.yml:4"), DEAD)], 2, is_cached=True)
    return json.loads(added("sarif", forms.rendered(checked, "sarif"), proofs, findings))


def test_a_log_with_every_kind_of_finding_is_as_the_schema_demands() -> None:
    made = log()
    assert len(made["runs"][0]["results"]) == len(KINDS.names()) + len(proofids.TITLES)
    assert list(mistakes(made)) == []


def _at(made: Any, path: str) -> tuple[Any, str | int]:
    *way, last = (int(step) if step.isdecimal() else step for step in path.split("."))
    for step in way:
        made = made[step]
    return made, last


RESULT = "runs.0.results.0"
PLACE = f"{RESULT}.locations.0.physicalLocation"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("version", "2.1", "version '2.1'"),
        ("runs.0.tool.driver.name", None, "driver without name"),
        (f"{RESULT}.level", "info", "level 'info'"),
        (f"{RESULT}.message", None, "result without message"),
        (f"{RESULT}.severity", "error", "result has severity"),
        (f"{RESULT}.ruleIndex", 1, "ruleIndex 1 of"),
        (f"{PLACE}.region.startLine", 0, "startLine 0"),
        (f"{PLACE}.artifactLocation.uri", "/etc/x.yml", "not below its base"),
        (f"{PLACE}.artifactLocation.uri", "a b.yml", "no URI"),
        (f"{PLACE}.artifactLocation.uriBaseId", "ROOT", "no base ROOT"),
        ("runs.0.invocations.0.executionSuccessful", None, "invocation without"),
        ("runs.0.tool.driver.rules.0.id", "rule/never-fires", "a rule twice"),
    ],
)
def test_a_log_that_is_not_as_the_schema_demands_is_told(path: str, value: Any, told: str) -> None:
    made = copy.deepcopy(log())
    holder, last = _at(made, path)
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    assert any(told in mistake for mistake in mistakes(made))
