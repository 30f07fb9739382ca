"""config/…: the configuration is clean, loaded, and connected: what the folder says is what the servers run."""

from __future__ import annotations

import re
from collections.abc import Callable

from promproof.checks import lacking_labels
from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.target_metrics import misread, stored_labels, strange, unlabelled
from promproof.config.rules import loaded, normal
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import (
    AlertmanagerSaid,
    RenderedRules,
    RuleFiles,
    RulesLoaded,
    ToolResult,
    Tools,
)
from promproof.findings.prometheus.keys import DISCOVERED
from promproof.verdict import Verdict

_FIELD = re.compile(r"\bline \d+: field (\w+) not found in type [\w.]+")
_LINE = re.compile(r"\bline \d+: ")


def _one(claim_id: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(claim_id)]


def judge_tools(claim: Claim, evidence: Evidence) -> Verdict:
    """`promtool check config|rules` and `amtool check-config` on the files as shipped find nothing."""
    record = evidence.need(Tools)
    rows = record.data.results
    silent = [f"{row.command}: {row.output}" for row in rows if row.status is None]
    if silent:
        return unknown(claim, "; ".join(silent), [record.number])
    lacking = {row.command: left_out for row in rows if (left_out := _left_out(row))}
    found = [f"{row.command}: {row.output}" for row in rows if row.status != 0 and row.command not in lacking]
    found += list(record.data.findings)
    rules = evidence.history.last(RuleFiles)
    if rules is not None:
        found += _recorded(rules.data, evidence)
    if lacking and not found:
        command, keys = next(iter(lacking.items()))
        reason = f"{command}: the promtool that was found is built without {', '.join(keys)}"
        return not_verified(claim, f"{reason}; --binary promtool=PATH names another")
    return findings(
        claim,
        found,
        good=f"{len(rows)} files clean",
        expected="no finding of promtool and amtool; every rule glob matches",
        evidence=[record.number],
    )


def _left_out(row: ToolResult) -> tuple[str, ...]:
    """The discoveries for which alone promtool refuses a file: Debian builds it without some of them.

    All mistakes of a file's keys and types are told at once.
    """
    refused = _FIELD.findall(row.output) if row.status else []
    rest = _FIELD.sub("", row.output)
    is_alone = "unmarshal errors" in rest and not _LINE.search(rest)
    return tuple(dict.fromkeys(refused)) if is_alone and set(refused) <= set(DISCOVERED) else ()


def _recorded(rules: RuleFiles, evidence: Evidence) -> list[str]:
    """What is wrong with recording rules by what the contract says of the metrics that they read, and by the labels
    that Prometheus has stored of them.
    """
    contract, stored, found = evidence.contract, stored_labels(evidence), []
    for name, expression in rules.recordings:
        asked = ", ".join(strange(expression, contract, rules.recorded))
        texts = [f"asks for {asked}, which the target does not expose"] if asked else []
        texts += dict.fromkeys(misread(name, expression, contract))
        if not lacking_labels.asked(expression, evidence):
            texts += dict.fromkeys(unlabelled(expression, contract.target.job, stored))
        found += [f"the recording rule {name} {text}" for text in texts]
    return found


def judge_rules(claim: Claim, evidence: Evidence) -> Verdict:
    """Prometheus has loaded exactly the rules of the folder (at the run's time scale), and all are healthy."""
    record, files = evidence.need(RulesLoaded), evidence.need(RenderedRules)
    served = {(rule.group, rule.name): rule for rule in loaded(record.data.groups)}
    wanted = {(rule.group, rule.name): rule for rule in files.data.rules}
    found = [
        f"{name} is in {wanted[group, name].where} and not loaded"
        for group, name in wanted.keys() - served.keys()
    ]
    found += [f"{name} is loaded and in no rule file" for _, name in served.keys() - wanted.keys()]
    for key in wanted.keys() & served.keys():
        written, running = wanted[key], served[key]
        if normal(written.expression) != normal(running.expression):
            found.append(
                f"{written.name} runs {normal(running.expression)}, the file says {normal(written.expression)}"
            )
        if abs(written.hold - running.hold) > 1e-9:
            found.append(f"{written.name} holds {running.hold:g} s, the file says {written.hold:g} s")
        if written.labels != running.labels or written.annotations != running.annotations:
            found.append(f"{written.name} has other labels or annotations than its file")
    for group in record.data.groups:
        found += [
            f"{rule['name']}: {rule['health']}, {rule.get('lastError', '')}"
            for rule in group["rules"]
            if rule["health"] not in ("ok", "unknown")
        ]
    # `unknown` is what Prometheus says of a rule before its first evaluation.
    waiting = [
        rule["name"] for group in record.data.groups for rule in group["rules"] if rule["health"] == "unknown"
    ]
    if waiting and wanted and not found:
        text = f"not evaluated by the end of the run: {', '.join(waiting)}"
        return unknown(claim, text, [record.number, files.number])
    if not wanted and not served and not evidence.contract.alerts:
        said = "none promised, none there"
        return findings(claim, found, good=said, expected=said, evidence=[record.number, files.number])
    if not wanted:
        found.append("the folder has no alerting rules")
    return findings(
        claim,
        found,
        good=f"{len(served)} alerting rules loaded and healthy",
        expected="the rules of the folder",
        evidence=[record.number, files.number],
    )


def judge_alertmanager(claim: Claim, evidence: Evidence) -> Verdict:
    """Prometheus sends to the run's Alertmanager, which has loaded the folder's receivers."""
    record = evidence.need(AlertmanagerSaid)
    if record.data.url is None:
        return not_verified(claim, "the run has no Alertmanager")
    found = []
    told = any(url.startswith(record.data.url) for url in record.data.active)
    is_elsewhere = not told and bool(record.data.active) and evidence.run.is_external
    if not told and not is_elsewhere:
        found.append(
            f"Prometheus sends to {record.data.active or 'no Alertmanager'}, not to {record.data.url}"
        )
    wanted, served = record.data.receivers_wanted, record.data.receivers
    if wanted and sorted(wanted) != sorted(served):  # without a file here there is nothing to compare with
        found.append(f"receivers are {sorted(served)}, the file says {sorted(wanted)}")
    named = {name for alert in evidence.contract.alerts for name in alert.receivers}
    found += [f"receiver {name!r} is documented and not configured" for name in sorted(named - set(served))]
    if (
        is_elsewhere and not found
    ):  # one server may have several addresses: a proxy's, and that of its own network
        said = ", ".join(record.data.active)
        return not_verified(
            claim, f"Prometheus sends to {said}: whether {record.data.url} is that one can't be told"
        )
    return findings(
        claim,
        found,
        good=f"connected, receivers {', '.join(served)}",
        expected=f"alerts go to {record.data.url}, receivers as in the file",
        evidence=[record.number],
    )


TOOLS = register(Check("config-clean", _one("config/clean"), judge_tools, order=110))
RULES = register(Check("config-rules", _one("config/rules-loaded"), judge_rules, order=110))
ALERTMANAGER = register(
    Check("config-alertmanager", _one("config/alertmanager-connected"), judge_alertmanager, order=110)
)
