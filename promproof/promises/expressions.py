"""PromQL of a page: the expression of an alert, as a block of its own or in a rule, is that of the rule that ships."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from promproof.config.promql import parse
from promproof.config.rules import facts, normal
from promproof.config.sameness import is_same
from promproof.contract.documentation import Block
from promproof.promises.known import Known, close_to
from promproof.promises.promise import Promise, listed
from promproof.promises.quantities import same
from promproof.promises.sheet import Sheet
from promproof.promises.yamlblocks import loaded

LANGUAGES = ("promql", "prometheus", "", "text")
_JOB = re.compile(r'\bjob=~?"([^"]+)"')
_ALIKE = 0.8
"""Of difflib: a rule with another number, label or function; a query by another label and window is less alike."""


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each block that is an expression, and for each rule of a block that ships."""
    for block in sheet.blocks_of(*LANGUAGES):
        if _is_expression(block.text):
            yield _expression(block, sheet, known)
    for block in sheet.blocks_of("yaml", "yml"):
        if not sheet.is_example(block.line):
            for rule in rules_in(loaded(block.text)):
                yield from _rule(block, rule, known)


def rules_in(document: Any) -> list[Mapping[str, Any]]:
    """The alerting rules of a parsed rule file; none of anything else."""
    groups = document.get("groups") if isinstance(document, dict) else None
    return [
        rule
        for group in groups or ()
        if isinstance(group, dict)
        for rule in group.get("rules") or ()
        if isinstance(rule, dict) and isinstance(rule.get("alert"), str) and "expr" in rule
    ]


def _is_expression(text: str) -> bool:
    """Whether it parses and compares, sums or asks for a range: a word or a path alone is no expression."""
    if not any(sign in text for sign in "([{"):
        return False
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _expression(block: Block, sheet: Sheet, known: Known) -> Promise:
    promise = Promise(block.line, "expression", " ".join(block.text.split()))
    heading = (sheet.headings_at(block.line) or ("",))[-1]
    name = next((name for name in (block.name, heading) if name in known.alerts), "")
    if not name:
        alike = [other for other in known.rules if normal(known.expression(other)) == normal(block.text)]
        if not alike or alike[0] not in known.alerts:
            return promise.is_open("nothing says which rule it is")
        name = alike[0]
    promise = Promise(
        block.line,
        promise.kind,
        promise.text,
        f"page/expression/{name}",
        thing=f"expression/{name}",
        value=normal(block.text),
    )
    wanted = known.expression(name)
    if not wanted:
        return promise.is_open(f"{len(known.rules.get(name, []))} rules have the name {name}")
    judged = promise.judged(
        is_same(block.text, wanted, known.domains),
        "as in the rule",
        f"the rule {name} says {' '.join(wanted.split())}",
    )
    is_query = block.name != name and not _is_alike(block.text, wanted)
    return replace(judged, thing="").unless(True, "it may be a query beside the rule") if is_query else judged


def _is_alike(text: str, rule: str) -> bool:
    """Whether an expression can be meant as a rule: it compares as the rule does, and is nearly the same."""
    shown, wanted = normal(text), normal(rule)
    return _signs(shown) == _signs(wanted) and SequenceMatcher(None, shown, wanted).ratio() >= _ALIKE


def _signs(text: str) -> list[str]:
    return sorted(re.findall(r"(?<![=!])[<>]=?|==|!=(?!\s*\")", text))


def _rule(block: Block, rule: Mapping[str, Any], known: Known) -> Iterator[Promise]:
    """A rule of the page that has the name of one that ships: what it says is what ships."""
    name = str(rule["alert"])
    shipped = known.rules.get(name, [])
    if len(shipped) != 1 or name not in known.alerts:
        return
    own, theirs = str(rule.get("expr")), str(shipped[0].get("expr"))
    if _is_of_another_job(own, theirs, known) or _is_of_other_metrics(own, theirs):
        yield Promise(block.line, "rule", name, f"page/expression/{name}").is_open(
            "it is about something else"
        )
        return
    for key in ("expr", "for", "labels", "annotations"):
        if key not in rule:
            continue
        said, wanted = rule[key], shipped[0].get(key)
        promise = Promise(block.line, "rule", f"{name}, {key}: {_short(said)}", f"page/expression/{name}")
        if isinstance(said, dict):
            given = wanted if isinstance(wanted, dict) else {}
            wrong = [label for label in said if str(said[label]) != str(given.get(label))]
            yield promise.judged(
                not wrong, "as in the rule", f"{name}: {listed(wrong)} of {key} is not the rule's"
            )
        elif key == "expr":
            yield promise.judged(
                is_same(str(said), str(wanted), known.domains),
                "as in the rule",
                f"the rule {name} says {_short(wanted)}",
            )
        else:
            yield promise.judged(
                same(str(said), str(wanted)),
                "as in the rule",
                f"the rule {name} says {key}: {_short(wanted)}",
            )


def _is_of_another_job(said: str, shipped: str, known: Known) -> bool:
    """Whether it selects jobs, and none that the rule or a scrape job has by this name or nearly."""
    jobs, wanted = _JOB.findall(said), _JOB.findall(shipped)
    known_jobs = [*wanted, *known.jobs]
    return bool(jobs and wanted) and not any(job in known_jobs or close_to(job, known_jobs) for job in jobs)


def _is_of_other_metrics(said: str, shipped: str) -> bool:
    """Whether it reads metrics, and none that the rule reads or that one is nearly called."""
    try:
        read_, wanted = facts(said).metrics, facts(shipped).metrics
    except ValueError:
        return False
    return bool(read_) and not any(name in wanted or close_to(name, list(wanted)) for name in read_)


def _short(value: Any) -> str:
    return " ".join(str(value).split())
