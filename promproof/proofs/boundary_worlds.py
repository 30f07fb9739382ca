"""Asks promtool about the further worlds of a contract's boundaries, and about the way from cause to healing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from promproof.checks.boundary_worlds import Part, World, promised_seconds, worlds
from promproof.config.arithmetic import evaluate
from promproof.config.durations import parse_duration
from promproof.contract.boundary import Series, labels_of, metric_of
from promproof.contract.model import Alert, Boundary
from promproof.evidence.records import WorldAsked
from promproof.exposition import Labels, label_set, matcher
from promproof.proofs.asking import Judge
from promproof.proofs.boundary import LONGEST_HOLD, PATIENCE, Deployed, said_instead
from promproof.proofs.notation import number, written
from promproof.proofs.questions import Question
from promproof.proofs.rulefiles import read

ROOM = 0.8
"""Of the part of a window that must pass before an alert may turn, this much is asked for."""


def ask_worlds(
    promtool: Path, rule_files: Sequence[Path], alerts: Sequence[Alert], scrape: float | None = None
) -> list[WorldAsked]:
    """What promtool counts in each world of each alert that has a `boundary`; none where there are no rules.

    scrape: seconds between samples; None: not known.

    Raises:
        EvidenceError: promtool did not end, or was interrupted.
    """
    if not rule_files:
        return []
    deployed = Deployed(read(list(rule_files)), scrape)
    asked = [
        (alert, world, *_question(deployed, alert, alert.boundary, world))
        for alert in alerts
        if alert.boundary is not None
        for world in worlds(alert)
    ]
    replies = Judge(promtool, alone=PATIENCE).ask([question for _, _, question, _ in asked])
    return [
        WorldAsked(
            alert.name,
            world.name,
            () if (words := said_instead(reply)) else tuple(values[0] for values in reply.values),
            words,
            moments,
        )
        for (alert, world, _, moments), reply in zip(asked, replies, strict=True)
    ]


def _question(
    deployed: Deployed, alert: Alert, boundary: Boundary, world: World
) -> tuple[Question, tuple[float, ...]]:
    """The question, and of a course its moments."""
    promised = promised_seconds(alert)
    own = deployed.named(alert.name)
    hold, keep = promised["for"], promised["keep_firing_for"]
    step, every, full = deployed.times(alert.name, LONGEST_HOLD if hold is None else hold)
    rules, reads = deployed.of(alert.name), deployed.reads(alert, boundary)
    name = matcher("alertname", alert.name)
    if not world.is_course:
        end = math.ceil((full + (LONGEST_HOLD if hold is None else hold)) / every + 3) * every
        series = _series(boundary, world, step, [0, int(end / step) + 1])
        asks = [(_count(name, 'alertstate="firing"'), end)]
        asks += [(_count(name, 'alertstate="firing"', *_matchers(labels)), end) for labels in world.fires]
        return Question(series, asks, rules, step, every, reads), ()
    if hold is None:
        hold = own[0].hold if len(own) == 1 else 0.0
    if keep is None:
        keep = parse_duration(str(own[0].data.get("keep_firing_for") or "0s")) if len(own) == 1 else 0.0
    window = full if promised["window"] is None else promised["window"]
    late = 2 * every + step
    cause = (math.ceil((full + step) / every) + 2) * every
    healed = cause + math.ceil((window + hold + late) / every) * every
    after = healed + math.ceil((world.falls * window + keep + every + step) / every) * every
    # what a window extrapolates, and a scrape more or less in it, is no reason to call it early
    begun = cause + (math.floor((ROOM * world.rises * window + hold) / every) - 1) * every
    marks = [0, *(math.ceil(moment / step) for moment in (cause, healed)), int(after / step) + 1]
    firing = _count(name, 'alertstate="firing"')
    asks = [
        (_count(name), cause - every),
        (firing, begun),
        (firing, healed - every),
        (_count(name), after),
    ]
    moments = (cause, healed, *(moment for _, moment in asks))
    return Question(_series(boundary, world, step, marks), asks, rules, step, every, reads), moments


def _count(*matchers: str) -> str:
    return f"count(ALERTS{{{','.join(matchers)}}}) or vector(0)"


def _matchers(labels: Labels) -> Iterator[str]:
    return (matcher(name, value) for name, value in labels)


def _series(boundary: Boundary, world: World, step: float, marks: Sequence[int]) -> list[dict[str, str]]:
    """The series of all parts over all stages. marks: the number of the first sample of each stage, and the end."""
    made = []
    for part in world.parts:
        for series in boundary.series:
            if any(q is not None for q in part.q):
                labels = {**labels_of(series.series), **dict(part.labels)}
                labels["__name__"] = metric_of(series.series)
                values = _values(series, part, step, marks)
                made.append({"series": written(label_set(labels)), "values": values})
    return made


def _values(series: Series, part: Part, step: float, marks: Sequence[int]) -> str:
    """A counter goes on where it was; a gauge is what the stage says."""
    last = 0.0
    texts = []
    for place, (q, (begin, end)) in enumerate(zip(part.q, pairwise(marks), strict=True)):
        count = end - begin
        if q is None:
            texts.append(f"_x{count}")
        elif series.rate is not None:
            slope = evaluate(series.rate, q) * part.share * step
            first = last + slope if place else 0.0
            texts.append(f"{number(first)}{'-' if slope < 0 else '+'}{number(abs(slope))}x{count - 1}")
            last = first + slope * (count - 1)
        else:
            texts.append(f"{number(evaluate(series.value or '0', q) * part.share)}x{count - 1}")
    return " ".join(texts)
