"""metric/NAME/limit: only so many ids have series of their own, the first ones; all others share one.

Seen after a restart with a small limit, since nobody creates as many as the documented one.
"""

from __future__ import annotations

from itertools import product

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register
from promproof.contract.model import Contract, Metric
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Rows
from promproof.exposition import Exposition, label_set, series_text
from promproof.verdict import Verdict

SHARED = "other"


def variables(contract: Contract) -> dict[str, str]:
    """What the restart sets in the target's environment."""
    truths = [metric.truth for metric in contract.metrics if isinstance(metric.truth, TallyTruth)]
    return {truth.limit.variable: str(truth.limit.of) for truth in truths if truth.limit is not None}


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """The ids of the restarted target's series against those that the database has."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, TallyTruth)
    assert truth.limit is not None
    if not evidence.run.managed:
        return not_verified(claim, "the run did not start the target, so it does not restart it")
    if evidence.run.backend == "containers":
        return not_verified(
            claim, "a container keeps the environment that it was created with; --stack processes shows it"
        )
    if not evidence.run.database:
        return not_verified(claim, "no database is named in the contract for this target")
    rows = evidence.need(Rows, what=f"ids of {truth.subject}", label="restart")
    alive = sorted(rows.data.values, key=lambda text: (len(text), text) if text.isdecimal() else (0, text))
    if len(alive) <= truth.limit.of:
        return not_verified(
            claim, f"the database has {len(alive)} ids, a limit of {truth.limit.of} is not reached"
        )
    shot = evidence.shot("restart")
    series = shot.exposition.series(metric.name)
    own = {dict(labels).get(truth.subject, "") for labels in series} - {SHARED}
    if len(own) < truth.limit.of and not truth.born_at_zero:
        return not_verified(claim, f"{len(own)} ids have series after the restart: others are born later")
    # of numbers the smaller ones were first; of other ids nobody knows it
    is_ordered = all(text.isdecimal() for text in alive)
    wanted = set(alive[: truth.limit.of]) if is_ordered else _counted(own & set(alive), alive, truth.limit.of)
    found = [f"{truth.subject}={value} has series beyond the limit" for value in sorted(own - wanted)]
    found += [f"{truth.subject}={value} has no series within the limit" for value in sorted(wanted - own)]
    names = list(truth.born_at_zero)
    for values in product(*truth.born_at_zero.values()) if truth.born_at_zero else ():
        shared = label_set({truth.subject: SHARED, **dict(zip(names, values, strict=True))})
        if shared not in series:
            found.append(f"{series_text(metric.name, shared)} is not there for the others")
    records = [shot.record, rows.number]
    if truth.limit.create is not None:
        texts, more = _beyond(metric, truth, evidence, own, set(alive))
        found, records = [*found, *texts], [*records, *more]
    if truth.limit.delete:
        texts, more = _freed(metric, truth, evidence, own)
        found, records = [*found, *texts], [*records, *more]
    return findings(
        claim,
        found,
        good=f"{len(own)} of {len(alive)} ids have series of their own, the others share {SHARED!r}",
        expected=f"the first {truth.limit.of} ids and {SHARED!r}",
        evidence=records,
    )


def _beyond(
    metric: Metric, truth: TallyTruth, evidence: Evidence, own: set[str], alive: set[str]
) -> tuple[list[str], list[int]]:
    """What is wrong with the ids that were made while the limit was reached, and the records that show it."""
    rows = evidence.need(Rows, what=f"ids of {truth.subject}", label="beyond")
    made = set(rows.data.values) - alive
    if not made:
        raise Gap(f"no {truth.subject} was made beyond the limit")
    shot = evidence.shot("beyond")
    shown = {dict(labels).get(truth.subject, "") for labels in shot.exposition.series(metric.name)}
    found = [
        f"{truth.subject}={value}, made when the limit was reached, has series of its own"
        for value in sorted((shown - own) & made)
    ]
    assert truth.limit is not None
    if truth.limit.use is not None:
        before, after = (
            _shared(metric, truth, evidence.shot(label).exposition) for label in ("restart", "beyond")
        )
        if after - before < len(made):
            found.append(
                f"{truth.subject}={SHARED} went from {before:g} to {after:g} when {', '.join(sorted(made))}, "
                "made when the limit was reached, had an event"
            )
    return found, [shot.record, rows.number]


def _shared(metric: Metric, truth: TallyTruth, shown: Exposition) -> float:
    """The events of those that share a series."""
    series = shown.series(metric.sample)
    return sum(value for labels, value in series.items() if dict(labels).get(truth.subject) == SHARED)


def _freed(
    metric: Metric, truth: TallyTruth, evidence: Evidence, own: set[str]
) -> tuple[list[str], list[int]]:
    """What is wrong with the id that was made after one with a place was deleted; nothing where none could be."""
    what = f"ids of {truth.subject}"
    before, rows = (
        evidence.need(Rows, what=what, label="beyond"),
        evidence.need(Rows, what=what, label="freed"),
    )
    gone, made = (
        set(before.data.values) - set(rows.data.values),
        set(rows.data.values) - set(before.data.values),
    )
    if not gone & own or not made or not truth.born_at_zero:
        return [], []
    shot = evidence.shot("freed")
    shown = {dict(labels).get(truth.subject, "") for labels in shot.exposition.series(metric.name)}
    found = [f"{truth.subject}={value} was deleted and has series" for value in sorted(gone & shown)]
    assert truth.limit is not None
    then, now = (_shared(metric, truth, evidence.shot(label).exposition) for label in ("beyond", "freed"))
    if truth.limit.use is not None and now < then:
        found.append(
            f"{truth.subject}={SHARED} fell from {then:g} to {now:g} when {', '.join(sorted(gone))} were deleted"
        )
    found += [
        f"{truth.subject}={value}, made after {', '.join(sorted(gone))} was deleted, has no series of its own"
        for value in sorted(made - shown)
    ]
    return found, [shot.record, rows.number]


def _counted(shown: set[str], alive: list[str], most: int) -> set[str]:
    """So many ids, those that have series first."""
    return set([*sorted(shown), *(text for text in alive if text not in shown)][:most])


def _limited(metric: Metric) -> bool:
    return isinstance(metric.truth, TallyTruth) and metric.truth.limit is not None


CHECK = register(Check("limit", for_metrics("limit", _limited), judge, order=495, scope="alone"))
