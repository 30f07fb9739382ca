"""Truths of the target's own database: the mean of a figure over the events of a window, its sum over a range.

An event is counted after it has ended, which its row tells, and before the client of its request has the answer: that
request is one of those under way when the event ended, and took at least as long as the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from promproof.contract.panels import RowsPanelTruth
from promproof.exposition import Labels
from promproof.truth.counted import AtPoint, Bounds, window_of
from promproof.truth.latencies import UnderWay
from promproof.truth.metrics import ZERO, Interval
from promproof.truth.phase import Phase, phase
from promproof.truth.views import Answered, Views


@dataclass(frozen=True)
class Event:
    """One row: counted at some time between `earliest` and `latest` (run time), with its figure."""

    earliest: float
    latest: float
    figure: float


def events(views: Views, truth: RowsPanelTruth, subject: str) -> dict[str, list[Event]]:
    """The rows by the label's value.

    Raises:
        Gap: they were not recorded.
    """
    record = views.evidence.need("panel_rows", what=subject)
    under_way = UnderWay(views.evidence)
    found: dict[str, list[Event]] = {}
    for label, ended, figure in record.data["rows"]:
        at = views.evidence.history.from_epoch(_epoch(ended))
        latest = under_way.latest_end(at, float(figure) if truth.figure_is_duration else 0.0)
        found.setdefault(str(label), []).append(Event(at, latest, float(figure)))
    return found


def means(views: Views, truth: RowsPanelTruth, answer: Answered, subject: str) -> AtPoint:
    """The mean figure of the events in the window, by label value; open where there may be none."""
    rows, length = events(views, truth, subject), window_of(answer)

    def at(t: float) -> Bounds:
        result: Bounds = {}
        for value, seen in _phases(views, truth, t, length).items():
            certain, doubtful = _inside(views, rows.get(value, []), seen)
            key = ((truth.label, value),)
            if not certain:
                result[key] = None
                continue
            low, high = (
                _mean(certain, sorted(doubtful)),
                _mean(certain, sorted(doubtful, reverse=True), top=True),
            )
            # time and count are extrapolated alike, unless a window reaches back to zero
            factors = seen.factors(ZERO, Interval(0, len(certain) + len(doubtful)))
            stretch = factors.high / factors.low
            result[key] = Interval(low / stretch, high * stretch)
        return result

    return at


def totals(views: Views, truth: RowsPanelTruth, answer: Answered, subject: str) -> AtPoint:
    """The sum of the figure over the events of the range, by label value."""
    rows, length = events(views, truth, subject), window_of(answer)

    def at(t: float) -> Bounds:
        result: Bounds = {}
        for value, seen in _phases(views, truth, t, length).items():
            certain, doubtful = _inside(views, rows.get(value, []), seen)
            factors = seen.factors(ZERO, Interval(0, 1))
            low, high = sum(certain), sum(certain) + sum(doubtful)
            result[((truth.label, value),)] = Interval(low * factors.low, high * factors.high)
        return result

    return at


def _phases(views: Views, truth: RowsPanelTruth, t: float, length: float) -> dict[str, Phase]:
    """The phase of each label value's series; all series of a value are born together."""
    result = {}
    for labels, stamps in views.stamps(truth.counter).items():
        seen = phase(stamps, t, length, left_open=views.left_open)
        if seen is not None:
            result[_label(labels, truth.label)] = seen
    return result


def _inside(views: Views, rows: list[Event], seen: Phase) -> tuple[list[float], list[float]]:
    """Figures of events that are certainly between the two scrapes, and of those that may be."""
    begin, end = views.target_scrapes[seen.first], views.target_scrapes[seen.last]
    certain, doubtful = [], []
    for row in rows:
        if row.earliest >= begin.end and row.latest <= end.begin:
            certain.append(row.figure)
        elif row.latest > begin.begin and row.earliest < end.end:
            doubtful.append(row.figure)
    return certain, doubtful


def _mean(certain: list[float], doubtful: list[float], *, top: bool = False) -> float:
    """The least mean that any of the doubtful can make, or the greatest; they come in the order of their pull."""
    if not certain:
        return doubtful[0]
    total, count = sum(certain), len(certain)
    for figure in doubtful:
        if (figure > total / count) if top else (figure < total / count):
            total, count = total + figure, count + 1
    return total / count


def _label(labels: Labels, name: str) -> str:
    return dict(labels).get(name, "")


def _epoch(ended: object) -> float:
    text = str(ended)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
