"""Truths of the target's own database: the mean of a figure over the events of a window, its sum over a range.

An event is counted after it has ended, which its row tells, and before the client of its request has the answer: that
request is one of those under way when the event ended, and took at least as long as the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from promproof.contract.model import Contract
from promproof.contract.panels import RowsSumTruth
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import PanelRows, number
from promproof.evidence.view import EndpointKey
from promproof.exposition import Labels
from promproof.truth.latencies import UnderWay
from promproof.truth.metrics import Interval
from promproof.truth.panel import AtPoint, Bounds, Truth, window_of
from promproof.truth.phase import Phase, phase
from promproof.truth.views import Answered, Views


class RowsPanelTruth(Truth):
    """A figure of rows in the target's database.

    `query` gives three columns for each event: the label's value, when it ended (UTC text or a time), and the figure.
    """

    label: str
    query: str
    figure_is_duration: bool = False
    """Whether the figure is how long the event took (s): its request then took at least as long."""
    counter: str
    """The documented counter of the same events, whose scrapes tell what a window can hold."""

    def misfit(self, contract: Contract) -> str:
        """The counter must be there, with the label."""
        return contract.lacks(self.counter, {self.label})

    def beyond(self, evidence: Evidence) -> str:
        """The database must be known."""
        return "" if evidence.run.database else "no database is named in the contract for this target"

    def key(self, labels: Labels) -> Labels:
        """The label of the rows."""
        return ((self.label, dict(labels).get(self.label, "")),)

    @property
    def about(self) -> str:
        """The rows by their label."""
        return f"rows by {self.label} in the database"

    def of(self, seen: Phase, certain: list[float], doubtful: list[float]) -> Interval | None:
        """What the window can show of these figures; None where anything is possible."""
        raise NotImplementedError(type(self).__name__)

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """By label value."""
        rows, length = events(views, self, subject), window_of(answer)
        untold = gone(views, self) - rows.keys()

        def at(t: float) -> Bounds:
            return {
                ((self.label, value),): None
                if value in untold
                else self.of(seen, *inside(views, rows.get(value, []), seen))
                for value, seen in phases(views, self, t, length).items()
            }

        return at


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
    record = views.evidence.need(PanelRows, what=subject)
    within = endpoints(views.evidence.contract, truth.label)
    if ("under way", within) not in views.memo:
        views.memo["under way", within] = UnderWay(views.evidence, within)
    under_way: UnderWay = views.memo["under way", within]
    found: dict[str, list[Event]] = {}
    for label, ended, figure in record.data.rows:
        at = views.evidence.history.from_epoch(_epoch(ended))
        latest = under_way.latest_end(at, number(figure) if truth.figure_is_duration else 0.0)
        found.setdefault(str(label), []).append(Event(at, latest, number(figure)))
    return found


def endpoints(contract: Contract, label: str) -> frozenset[EndpointKey]:
    """Method and path of the requests within which such events take place; none where nothing says it."""
    texts = {
        text
        for metric in contract.metrics
        if isinstance(metric.truth, RowsSumTruth) and metric.truth.subject == label
        for text in metric.truth.within
    }
    return frozenset((method, path) for method, _, path in (text.partition(" ") for text in texts))


def gone(views: Views, truth: RowsPanelTruth) -> set[str]:
    """Label values that events were sent for: one without any row has lost them with what was deleted."""
    counted = views.evidence.contract.metric(truth.counter).truth
    if not isinstance(counted, TallyTruth):
        return set()
    tallies = views.evidence.ledger.tallies
    return {dict(labels).get(truth.label, "") for name, labels in tallies if name == counted.tally}


def phases(views: Views, truth: RowsPanelTruth, t: float, length: float) -> dict[str, Phase]:
    """The phase of each label value's series; all series of a value are born together."""
    result = {}
    for labels, stamps in views.stamps(truth.counter).items():
        seen = phase(stamps, t, length, left_open=views.left_open)
        if seen is not None:
            result[_label(labels, truth.label)] = seen
    return result


def inside(views: Views, rows: list[Event], seen: Phase) -> tuple[list[float], list[float]]:
    """Figures of events that are certainly between the two scrapes, and of those that may be."""
    begin, end = views.target_scrapes[seen.first], views.target_scrapes[seen.last]
    certain, doubtful = [], []
    for row in rows:
        if row.earliest >= begin.end and row.latest <= end.begin:
            certain.append(row.figure)
        elif row.latest > begin.begin and row.earliest < end.end:
            doubtful.append(row.figure)
    return certain, doubtful


def _label(labels: Labels, name: str) -> str:
    return dict(labels).get(name, "")


def _epoch(ended: object) -> float:
    text = str(ended)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
