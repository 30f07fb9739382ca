"""What was before a run: of a target and a Prometheus that ran already, nobody knows all that a window of then holds.

A Prometheus that runs has samples from before, which move the phase of every window that reaches back to them. And
requests that came before the baseline was read, those that asked whether the target is up among them, are in no ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import inf

from promproof.config.promql_durations import windows
from promproof.contract.model import COUNTED
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.instances import of_each
from promproof.truth.metrics import sample_name
from promproof.truth.phase import EDGE_SECONDS
from promproof.truth.views import Answered, Views

REASON = "every window reaches back before the run, and what was then is in no ledger"


def is_blind(seen: Views, answer: Answered, t: float) -> bool:
    """Whether a window of the query at a run time (s) reaches back to what this run does not know."""
    evidence = seen.evidence
    if evidence.run.managed:
        return False
    if "known since" not in seen.memo:
        each = of_each(evidence).values() or (evidence,)
        seen.memo["known since"] = max(known_since(part) for part in each)
    since: float = seen.memo["known since"]
    return since > -inf and t - _reach(seen, answer) <= since


def known_since(evidence: Evidence) -> float:
    """The run time (s) after which nothing moves a count of the target but what is in a ledger, as far as is known."""
    since = 0.0 if evidence.run.is_external else -inf
    for metric in evidence.contract.metrics:
        if metric.truth.kind in COUNTED:
            with suppress(Gap):
                since = max([since, *_unlike_the_baseline(evidence, sample_name(metric))])
    return since


def _unlike_the_baseline(evidence: Evidence, name: str) -> Iterator[float]:
    """Just after each scrape before the baseline that stored another count than the baseline has.

    Raises:
        Gap: there is no baseline, or nothing was stored.
    """
    shot, values = evidence.shot("baseline"), evidence.baseline
    for labels, samples in evidence.stored(name).items():
        for stamp, value in samples:
            if stamp < shot.begin and value != values.get((name, labels), value):
                yield stamp + EDGE_SECONDS


def _reach(seen: Views, answer: Answered) -> float:
    """The longest window of the query (s); less than any for one without, or one that does not parse."""
    key = ("reach", answer.expanded)
    if key not in seen.memo:
        try:
            found = windows(answer.expanded)
        except ValueError:
            found = ()
        seen.memo[key] = max(found) / 1000 if found else -inf
    reach: float = seen.memo[key]
    return reach
