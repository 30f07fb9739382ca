"""Recording rules of one quantity over several windows, one of which selects something else than the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.rule.printed import NUMBER
from promproof.findings.setup import Rule, Setup
from promproof.promql.phrases import COUNT, counted
from promproof.promql.prints import threshold
from promproof.promql.templates import plain
from promproof.promql.tree import text

_SPENT = re.compile(
    rf"\b(?:used up|spent|exhausted|consumed|gone) (?:with)?in (?P<said>(?:(?:{COUNT}) ?)?(?:hours?|days?|h|d))\b",
    re.IGNORECASE,
)
_FACTOR = 3.0
"""By which rounding a time up may make budgets differ: 2 days and a third are three days."""
_WINDOWED = re.compile(r"(?P<stem>.*:.*[a-z_])(?P<window>\d+(?:ms|[smhdwy]))")
_RANGE = re.compile(r"\[(?=\d+(?:ms|[smhdwy]))[^\]]*\]")
"""A window, and no letters of a pattern (`[45]..`)."""
_MATCHERS = re.compile(r"\{[^{}]*\}")
_LOOSE = re.compile(r"(?<=\() | (?=\))")
"""Space within brackets, where a long expression is broken into lines."""
_RULE = (
    '- record: job:errors:rate{0}\n  expr: sum by (job) (rate(http_requests_total{{status=~"{1}"}}[{0}]))\n'
)
_LEAST = 3
OTHERWISE = register(
    Kind(
        id="rule/recorded-otherwise",
        severity=Severity.WARNING,
        title="a record that selects something else than those of its name over other windows",
        why="Records that differ in their window alone are compared with each other: a burn rate over an hour and one "
        "over five minutes. One of another selection makes an alert over both fire, or stay silent, for a reason "
        "that nobody looks for.",
        example=_RULE.format("5m", "5..") + _RULE.format("1h", "4..") + _RULE.format("6h", "5..").rstrip(),
        instead=_RULE.format("5m", "5..") + _RULE.format("1h", "5..") + _RULE.format("6h", "5..").rstrip(),
    )
)


@whole_setup(NUMBER)
def judge_budgets(setup: Setup) -> Iterator[Finding]:
    """Texts of the alerts of one group that say when a budget is used up: threshold times that time is one budget."""
    groups: dict[int, list[tuple[Rule, str, str, float]]] = {}
    for rule in setup.alerts:
        limit = threshold(rule.tree) if rule.tree is not None else None
        for name, template in rule.annotations.items() if limit else ():
            found = _SPENT.search(plain(template))
            if found is not None:
                budget = abs(limit or 0.0) * counted(found["said"])
                groups.setdefault(id(rule.group), []).append((rule, name, found["said"], budget))
    for told in groups.values():
        usual = sorted(budget for *_, budget in told)[len(told) // 2]
        odd = [entry for entry in told if not usual / _FACTOR < entry[3] < usual * _FACTOR]
        if len(told) >= _LEAST and len(odd) == 1:
            rule, name, said, _ = odd[0]
            yield NUMBER.at(
                rule.at("annotations", name),
                f"{name}: the text says that the budget is gone within {said}, those of the other alerts do not fit",
                effect="the reader has another time than there is",
                todo="make the text say what the rule does",
                see=f"compare thresholds and times of the group {rule.group.name}",
            )


@whole_setup(OTHERWISE)
def judge(setup: Setup) -> Iterator[Finding]:
    """Compare the records of one group whose names differ in their window alone."""
    families: dict[tuple[int, str, str], list[Rule]] = {}
    for rule in setup.rules:
        match = _WINDOWED.fullmatch(rule.name)
        if not rule.is_alert and rule.tree is not None and match:
            key = id(rule.group), match["stem"], str(sorted(rule.labels.items()))
            families.setdefault(key, []).append(rule)
    for rules in families.values():
        yield from _odd(rules)


def _odd(rules: list[Rule]) -> Iterator[Finding]:
    """The one rule whose matchers are not those of all others; nothing where they differ in more."""
    forms = {id(rule): _RANGE.sub("[]", _LOOSE.sub("", text(rule.tree))) for rule in rules}
    if len(rules) < _LEAST or len({_MATCHERS.sub("", form) for form in forms.values()}) != 1:
        return
    counted = Counter(forms.values()).most_common()
    if len(counted) != 2 or counted[1][1] != 1:  # all others are alike
        return
    usual, strange = counted[0][0], counted[1][0]
    odd = next(rule for rule in rules if forms[id(rule)] == strange)
    other = next(rule for rule in rules if forms[id(rule)] == usual)
    theirs, mine = _MATCHERS.findall(usual), _MATCHERS.findall(strange)
    here, there = next(
        ((own, its) for own, its in zip(mine, theirs, strict=False) if own != its), ("fewer", "more")
    )
    yield OTHERWISE.at(
        odd.at("expr"),
        f"{odd.name} selects {here}, {other.name} and the others {there}",
        effect="what compares them compares different things",
        todo="let all select the same, or give it another name",
        see=f"promtool query instant http://PROMETHEUS:9090 '{odd.name}'",
    )
