"""Alerts whose dates lie beyond promtool's first days: `month() == 12`, `day_of_month() > 25`.

promtool's clock begins at 1970-01-01, and to reach December costs half a million evaluations. So the dates are moved
instead: `month()` becomes `month(vector(time() + N))`, which at a moment says what `month()` says N seconds later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from promproof.proofs.calculation import DATES
from promproof.proofs.clocks import DAYS, is_clock
from promproof.proofs.evaluate import Evaluation, World, miss
from promproof.proofs.mutants.syntax import read
from promproof.proofs.outcome import PROVEN, Outcome
from promproof.proofs.search import comparisons
from promproof.proofs.tree import Call, NotCovered, Selector, parse, walk

DAY = 86400
YEAR = 366
BEFORE = 1
"""Days before a day of another kind, where only the clock decides: the turn is to be seen from both sides."""
LONG = ("month", "day_of_month", "day_of_year", "days_in_month")
MOST = 6


def moved(expression: str) -> Iterator[tuple[int, str]]:
    """By how many days the dates of an expression are moved, and the expression then: one for each other kind of day.

    Nothing where a date has an argument of its own: then it is no matter of the clock alone.
    """
    root = parse(expression)
    dates = [node for node in walk(root) if isinstance(node, Call) and node.name in DATES]
    if not any(node.name in LONG for node in dates) or any(node.args for node in dates):
        return
    nodes = [node for node in comparisons(root) if is_clock(node)]
    before = 0 if any(isinstance(node, Selector) for node in walk(root)) else BEFORE
    seen = set()
    for day in range(YEAR):
        evaluation = Evaluation(World({}, 60.0))
        said = tuple(miss(evaluation.value(node, (day + 0.5) * DAY)) == 0 for node in nodes)
        if said not in seen and day >= DAYS:
            yield day - before, _moved(expression, (day - before) * DAY)
        seen.add(said)
        if len(seen) > MOST:
            return


def _moved(expression: str, seconds: int) -> str:
    try:
        places = [
            (node.span, node.word)
            for node in read(expression).walk()
            if node.kind == "call" and node.word in DATES and not node.children
        ]
    except ValueError as error:
        raise NotCovered(str(error)) from error
    for (begin, end), name in sorted(places, reverse=True):
        expression = f"{expression[:begin]}{name}(vector(time() + {seconds})){expression[end:]}"
    return expression


def told(moments: tuple[tuple[float, bool], ...], days: int) -> str:
    """When an alert that only its dates decide begins to fire."""
    begin = next(moment for moment, fires in moments[1:] if fires)
    return f"from {_date(begin + days * DAY)} UTC"


def restored(outcome: Outcome) -> None:
    """Says of an alert as it stands what was found with its dates moved."""
    if outcome.moved is None:
        return
    outcome.alert, days = outcome.moved
    plan = outcome.plan
    if outcome.verdict == PROVEN and plan is not None and plan.moments:
        outcome.flips = told(plan.moments, days)
    argument = f"vector(time() + {days * DAY})"
    outcome.compared = [text.replace(argument, "") for text in outcome.compared]
    outcome.reason = outcome.reason.replace(argument, "")
    notes = [text.replace(argument, "") for text in outcome.notes if not text.startswith("asked at ")]
    moment = plan.problem.moment if plan is not None and not plan.moments else 0.0
    outcome.notes = [
        f"asked at {_date(days * DAY + moment)} UTC, by dates that are moved by {days} days "
        f"(`month({argument})` say): promtool's clock begins on 1 January 1970",
        *notes,
    ]


def _date(seconds: float) -> str:
    date = datetime.fromtimestamp(seconds, UTC)
    return f"{date.day} {date:%B %H:%M}"
