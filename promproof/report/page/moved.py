"""What moved between two runs besides the verdicts: thresholds and durations of rules, and how long alerts took.

A time counts as moved when the difference is more than what both machines were late, a scrape and an evaluation, and
what the dosing leaves open in both runs: events are whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promproof.config.durations import format_duration
from promproof.drills.case import Case, build
from promproof.drills.hops import hops
from promproof.drills.plan import granularity
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven, RuleFiles
from promproof.promql.comparison import comparison_of


@dataclass(frozen=True)
class Moved:
    """A threshold or a time that differs from the older run."""

    what: str
    before: str
    now: str


def moved(older: Evidence, newer: Evidence) -> list[Moved]:
    """Rules first, then the hops of drills that both runs drove at the same time scale."""
    return [*_rules(older, newer), *_hops(older, newer)]


def _rules(older: Evidence, newer: Evidence) -> Iterator[Moved]:
    before, now = _limits(older), _limits(newer)
    for name in [*before, *(name for name in now if name not in before)]:
        was, is_now = before.get(name, "no rule"), now.get(name, "no rule")
        if was != is_now:
            yield Moved(name, was, is_now)


def _limits(evidence: Evidence) -> dict[str, str]:
    """Comparison and `for` of each alert of the files as shipped."""
    record = evidence.history.last(RuleFiles)
    found = {}
    for rule in record.data.rules if record is not None else ():
        compared = comparison_of(rule.expression)
        limit = f"{compared.comparator} {compared.threshold:g} " if compared is not None else ""
        found[rule.name] = f"{limit}for {format_duration(rule.hold)}"
    return found


def _hops(older: Evidence, newer: Evidence) -> Iterator[Moved]:
    if older.scale.factor != newer.scale.factor:
        return
    for name in dict.fromkeys(record.data.name for record in newer.history.of(DrillDriven)):
        try:
            was, is_now = build(older, name), build(newer, name)
            yield from _later(name, was, is_now)
        except Gap:
            continue


def _later(name: str, older: Case, newer: Case) -> Iterator[Moved]:
    noise = older.slack + newer.slack + newer.timing.evaluation + newer.timing.scrape
    noise += granularity(older.drill, older.timing) + granularity(newer.drill, newer.timing)
    before = {hop.name: hop.after for hop in hops(older)}
    for hop in hops(newer):
        was = before.get(hop.name)
        # when it is healed is decided by the drill, not by what is observed
        if was is None or hop.after is None or hop.name in ("fault", "healed"):
            continue
        if abs(hop.after - was) > noise:
            yield Moved(
                f"drill {name}, {hop.name}", f"{was:.2f} s", f"{hop.after:.2f} s (noise {noise:.2f} s)"
            )
