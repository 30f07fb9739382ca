"""Which alert says so when the series of another one vanish: a renamed metric, a dropped target, a dead collector.

All series that the rules ask for are there, constant, and promtool tells which alerts fire. Then the series of one
metric are taken away: an alert that fires for more label sets than before has noticed. `for` is left out, since a
series that vanished stays away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from promproof.exposition import matcher, series_text
from promproof.proofs.asking import Judge
from promproof.proofs.questions import Question
from promproof.proofs.recordings import Recordings, stripped
from promproof.proofs.rulefiles import read
from promproof.proofs.strings import accepts, values
from promproof.proofs.tree import Node, NotCovered, Selector, parse, walk

STEP = 60.0
END = 900.0
Series = tuple[str, Mapping[str, str]]
Noticed = dict[str, dict[str, tuple[str, ...]]]
"""By alert and metric that it reads: the alerts that fire when this metric has vanished."""


def vanishing(promtool: Path, rule_files: Sequence[Path], names: Iterable[str]) -> Noticed:
    """Who notices for each of these alerts; one whose rule, or a recording rule that it reads, isn't understood is left
    out. The metrics are those that targets expose.

    Raises:
        EvidenceError: promtool did not answer.
    """
    rules = read(list(rule_files))
    recordings = Recordings(rules.recordings)
    looked_at: dict[str, list[Selector]] = {}
    for rule in rules.alerts:
        try:
            found = _exposed(parse(rule.expression), recordings)
        except NotCovered:
            continue
        if all(selector.name and selector.name not in recordings.by_name for selector in found):
            looked_at.setdefault(rule.name, []).extend(found)
    there = _series([selector for found in looked_at.values() for selector in found])
    wanted = [name for name in dict.fromkeys(names) if looked_at.get(name)]
    cases = [
        (name, metric)
        for name in wanted
        for metric in sorted({selector.name for selector in looked_at[name]})
    ]
    if not cases:
        return {}
    alerts = sorted({rule.name for rule in rules.alerts})
    data = [stripped(rule.data) for rule in rules.alerts]
    data = [{key: value for key, value in rule.items() if key != "for"} for rule in data]
    loaded = [*(stripped(rule) for rule in rules.recordings), *data]
    kept = [there, *(_without(there, metric, looked_at[name]) for name, metric in cases)]
    replies = Judge(promtool).ask([_question(series, alerts, loaded) for series in kept])
    if any(any(reply.errors) or len(reply.values) != len(alerts) for reply in replies):
        return {}
    before, *after = [[found[0] for found in reply.values] for reply in replies]
    made: Noticed = {}
    for (name, metric), counts in zip(cases, after, strict=True):
        more = tuple(alert for alert, old, new in zip(alerts, before, counts, strict=True) if new > old)
        made.setdefault(name, {})[metric] = more
    return made


def _exposed(tree: Node, recordings: Recordings) -> list[Selector]:
    """The selectors of an expression, and of the recording rules that it reads in place of what they record."""
    trees = [tree, *(parse(str(rule["expr"])) for rule in recordings.needed(tree))]
    found = [node for tree in trees for node in walk(tree) if isinstance(node, Selector)]
    return [selector for selector in found if selector.name not in recordings.trees]


def _series(selectors: Iterable[Selector]) -> list[Series]:
    """One series for each selector, of the least labels that meet it, on one instance."""
    made: dict[str, Series] = {}
    for selector in selectors:
        labels = {"instance": "one:1"}
        for label in {name for name, _, _ in selector.matchers}:
            asked = [(operator, value) for name, operator, value in selector.matchers if name == label]
            if label != "__name__" and not accepts(asked, ""):
                labels[label] = next(iter(values(asked)), "")
        made[_text(selector.name, labels)] = (selector.name, labels)
    return list(made.values())


def _without(there: Iterable[Series], metric: str, selectors: Sequence[Selector]) -> list[Series]:
    """Those that no selector of this metric meets."""
    own = [selector for selector in selectors if selector.name == metric]
    return [
        series
        for series in there
        if series[0] != metric or not any(_meets(selector, series[1]) for selector in own)
    ]


def _meets(selector: Selector, labels: Mapping[str, str]) -> bool:
    return all(accepts([(op, value)], labels.get(name, "")) for name, op, value in selector.matchers)


def _question(
    there: Iterable[Series], alerts: Sequence[str], rules: Sequence[Mapping[str, object]]
) -> Question:
    count = int(END / STEP)
    series = [{"series": _text(*series), "values": f"1x{count}"} for series in there]
    asks = [
        (f'count(ALERTS{{{matcher("alertname", name)},alertstate="firing"}}) or vector(0)', END)
        for name in alerts
    ]
    return Question(series, asks, rules, STEP, STEP)


def _text(name: str, labels: Mapping[str, str]) -> str:
    return series_text(name, tuple(sorted(labels.items())))
