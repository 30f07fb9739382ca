"""The series that show what is wrong with an alert, as a test file for `promtool test rules` that passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promproof.config.yamlfile import dump
from promproof.proofs.outcome import DEAD, Outcome
from promproof.proofs.questions import Question
from promproof.proofs.recordings import Recordings

MOST_SERIES = 12
"""More of them show nothing at a glance."""


def witness(outcome: Outcome, asked: Sequence[Question], recordings: Recordings) -> str:
    """The test of one of the worlds that promtool was asked about; empty where a rule file alone does not do.

    The file lacks `rule_files`. What an alert reads of recording rules may be in another file, and promtool ignores
    what a group says of its queries' offset.
    """
    alert, plan = outcome.alert, outcome.plan
    if plan is None or alert.offset or "keep_firing_for" in alert.data:
        return ""
    if recordings.given and recordings.needed(plan.problem.root):
        return ""
    fitting = [question for question in asked if 0 < len(question.series) <= MOST_SERIES]
    if not fitting:
        return ""
    return dump(_document(fitting[0], fires=outcome.verdict != DEAD))


def _document(question: Question, *, fires: bool) -> dict[str, Any]:
    from promproof.proofs.asking import duration  # who reads a cache asks nothing

    expression, moment = question.asks[0]
    case = {
        "expr": f"({expression}) > bool 0",
        "eval_time": duration(moment),
        "exp_samples": [{"labels": "{}", "value": int(fires)}],
    }
    return {
        "evaluation_interval": duration(question.every),
        "tests": [
            {
                "interval": duration(question.step),
                "input_series": [dict(series) for series in question.series],
                "promql_expr_test": [case],
            }
        ],
    }
