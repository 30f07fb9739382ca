"""alert/NAME/text: what the reader of a notification gets: annotations that are there, and say what is documented.

Numbers beside a word of limits are the documented threshold, a share is printed as a percentage, a link to another
alert's runbook is none. What the expression alone tells (labels that are lost, units, templates) is found by the check
of the folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from promproof.checks.alert_links import wrong_links, wrong_runbooks
from promproof.checks.base import Check, Claim, findings, register
from promproof.checks.files import EXPECTED, held, judged, when_asked
from promproof.checks.serieslabels import documented_labels
from promproof.config.promql import parse
from promproof.contract.model import Alert, Contract
from promproof.contract.settings import Settings
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Dashboards, RuleFiles
from promproof.grafana.provisioning import read_all
from promproof.promises.sentences import otherwise
from promproof.promql.labels import labels_of
from promproof.promql.templates import error, labels_used, plain, printed_values
from promproof.verdict import Verdict

_LIMIT = re.compile(
    r"\b(?:threshold|limit|above|over|below|under|than|exceed(?:s|ed|ing)?)\b[\s:=>]{0,4}(?:is |of |at )?[<>]?\s?"
    r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>%|percent\b|ms\b|milliseconds?\b|s\b|sec\b|seconds?\b)",
    re.IGNORECASE,
)
_OF_OBJECTIVES = re.compile(r"budget|burn|SLO|objective", re.IGNORECASE)
_SIZES = {"ratio": {"%": 0.01, "p": 0.01}, "seconds": {"s": 1.0, "m": 0.001}}
"""What one of a text's units is in the contract's, by the first letter."""
_LINK = re.compile(r"#([\w-]+)")
_LABEL = re.compile(r"(?:\$labels|\.Labels)\.(\w+)")
_PRINTED = re.compile(r"\{\{-?\s*\$labels\.(\w+)\s*-?\}\}")
_EXTERNAL = re.compile(r"(?:\$externalLabels|\.ExternalLabels)\.(\w+)")
_ASKED = re.compile(r"\{\{-?\s*(?:if|with|else if)\b[^}]*external", re.IGNORECASE)
_CHANGED = re.compile(r"\b(?:humanizePercentage|mul|printf|query)\b|\*")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Look at every annotation of the alert's rule."""
    record = judged(evidence)
    contract = evidence.contract
    alert = contract.alert(claim.subject)
    rule = record.data.facts.get("alerts", {}).get(alert.name)
    found = held(claim.id, evidence)
    if rule is not None:
        said: dict[str, str] = rule["annotations"]
        found += [f"{rule['where']}: {text}" for text in _wrong(alert, said, contract)]
        found += [f"{rule['where']}: {text}" for text in _lost_labels(alert, said, evidence)]
        given = record.data.facts.get("external_labels")
        found += [f"{rule['where']}: {text}" for text in _not_given(said, given)]
        found += [f"{rule['where']}: {text}" for text in wrong_runbooks(said)]
        boards = evidence.history.last(Dashboards)
        there = (
            read_all(boards.data.files, boards.data.sources, boards.data.providers)
            if boards is not None
            else ()
        )
        found += [
            f"{rule['where']}: {name}: {text}"
            for name, template in said.items()
            if not error(template)
            for text in wrong_links(alert, plain(template), contract, there)
        ]
    return findings(claim, found, good="texts as promised", expected=EXPECTED, evidence=[record.number])


def _wrong(alert: Alert, said: Mapping[str, str], contract: Contract) -> Iterator[str]:
    for name in (contract.settings or Settings()).annotations:
        if not said.get(name, "").strip():
            yield f"the annotation {name} is {'empty' if name in said else 'missing'}"
    yield from _near_labels(said)
    others = {other.name.lower() for other in contract.alerts} - {alert.name.lower()}
    for name, template in said.items():
        if error(template):
            continue  # that is a finding already
        text = plain(template)
        is_named = bool(_OF_OBJECTIVES.search(text))
        yield from (f"{name}: {wrong}" for wrong in _numbers(alert, text, only_named=is_named))
        if alert.unit == "ratio" and "%" in text.replace("{}%", ""):
            for action in printed_values(template):
                if not _CHANGED.search(action.bare):
                    yield f"{name}: prints {{{{ {action.body} }}}}, a share, beside a percentage"
        yield from (f"{name}: {wrong}" for wrong in _otherwise(alert.says.get(name, ""), template))
        if "runbook" in name.lower():
            for anchor in _LINK.findall(text):
                if anchor.lower() in others:
                    yield f"{name}: leads to {anchor}, which is another alert"


def _otherwise(sentence: str, template: str) -> list[str]:
    """What a text says otherwise than the contract; the labels that it prints, too, where one stands there."""
    text = _PRINTED.sub(r" $\1 ", template) if "$" in sentence else template
    return otherwise(sentence, plain(text).replace("{}", " ")) if sentence else []


def _lost_labels(alert: Alert, said: Mapping[str, str], evidence: Evidence) -> Iterator[str]:
    """Labels of the texts that no series of the expression has, as they are documented and scraped.

    Those that the expression drops by itself are a finding of the folder.
    """
    files = evidence.history.last(RuleFiles)
    rules = [rule for rule in files.data.rules if rule.name == alert.name] if files is not None else []
    if len(rules) != 1:
        return
    try:
        root = parse(rules[0].expression)
    except ValueError:
        return
    left, labels = labels_of(root), labels_of(root, documented_labels(evidence, root))
    for name, template in said.items():
        for label, guarded in labels_used(template).items() if not error(template) else ():
            if not guarded and left.can_have(label) and not labels.can_have(label):
                yield f"{name}: reads $labels.{label}, which no series of {alert.name} has"


def _not_given(said: Mapping[str, str], given: Mapping[str, str] | None) -> Iterator[str]:
    """External labels of the texts that the configuration does not have; who asks first whether one is there knows."""
    for name, template in said.items() if given is not None else ():
        for label in dict.fromkeys(_EXTERNAL.findall(template)) if not _ASKED.search(template) else ():
            if label not in (given or {}):
                yield f"{name}: reads $externalLabels.{label}, which the configuration does not give"


def _near_labels(said: Mapping[str, str]) -> Iterator[str]:
    """Labels that the texts of one alert write in two ways: only one of them is there."""
    written: dict[str, list[str]] = {}
    for label in dict.fromkeys(_LABEL.findall(" ".join(said.values()))):
        written.setdefault(label.replace("_", "").lower(), []).append(label)
    for ways in written.values():
        if len(ways) > 1:
            yield f"the texts read {' and '.join(f'$labels.{label}' for label in ways)}, of which one is empty"


def _numbers(alert: Alert, text: str, *, only_named: bool) -> Iterator[str]:
    """only_named: none but what is called a threshold; a text about a budget has other numbers as well."""
    sizes, limit = _SIZES.get(alert.unit or ""), alert.threshold
    if sizes is None or limit is None:
        return
    for match in _LIMIT.finditer(text):
        size = sizes.get(match["unit"][0].lower())
        if only_named and not match[0].lower().startswith("threshold"):
            continue
        if size is None:
            continue
        value = float(match["number"]) * size
        wanted = (limit, 1 - limit) if alert.unit == "ratio" else (limit,)
        if not any(math.isclose(value, number, rel_tol=1e-9) for number in wanted):
            yield f"says {match[0]!r}, the documented threshold is {limit:g}"


CHECK = register(
    Check(
        "alert-text",
        when_asked(
            lambda contract: (Claim(f"alert/{alert.name}/text", alert.name) for alert in contract.alerts)
        ),
        judge,
        order=614,
    )
)
