"""What a lane is drawn of: bands, bars, marks and curves on one time axis, and all lanes of a drill. Seconds since the
fault was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promproof.drills.hops import Hop
from promproof.report.page.claims import CLASSES
from promproof.verdict import Outcome, Verdict


@dataclass(frozen=True)
class Band:
    """Where something may be, or must be."""

    begin: float
    end: float
    certain: bool = False


@dataclass(frozen=True)
class Bar:
    """Something that lasted. stripe: its line within the lane, of so many."""

    begin: float
    end: float
    style: str
    title: str
    stripe: int = 0
    stripes: int = 1


@dataclass(frozen=True)
class Mark:
    """Something that happened at an instant."""

    t: float
    style: str
    title: str


@dataclass(frozen=True)
class Lane:
    """One line of the drawing."""

    name: str
    bands: Sequence[Band] = ()
    bars: Sequence[Bar] = ()
    marks: Sequence[Mark] = ()
    hops: Sequence[int] = ()
    """numbers of the hops that are read off here"""
    note: str = ""
    """why it has no bars"""


@dataclass(frozen=True)
class Limit:
    """A threshold. said: whose it is, where there are two."""

    comparator: str
    value: float
    said: str = ""


@dataclass(frozen=True)
class Curve:
    """A value over time, its thresholds, and the values that were admissible: (t, low, high).

    limits: the one that the values are held against first; a second one where the loaded rule has another than the
    documented.
    """

    name: str
    style: str
    points: Sequence[tuple[float, float]]
    limits: Sequence[Limit]
    dimension: str
    extents: Sequence[tuple[float, float, float]] = ()
    hops: Sequence[int] = ()
    stepped: bool = False
    """whether it goes from one level to the next"""

    @property
    def threshold(self) -> float | None:
        """What the values are held against."""
        return self.limits[0].value if self.limits else None


@dataclass(frozen=True)
class Moment:
    """An instant that concerns all lanes."""

    t: float
    name: str
    style: str


@dataclass(frozen=True)
class Step:
    """A hop as the table has it, with its number in the drawing (0: it has no mark)."""

    number: int
    hop: Hop
    at: float | None
    """seconds since the fault, also of what is counted from the healing"""

    @property
    def seen(self) -> str:
        """How long after its begin."""
        return "-" if self.hop.after is None else f"{self.hop.after:.2f} s"

    @property
    def allowed(self) -> str:
        """The window."""
        window = self.hop.allowed
        return "" if window is None else f"{window.begin:.2f} to {window.end:.2f} s"

    @property
    def place(self) -> str:
        """Whether it came within its window; empty where there is none."""
        after, window = self.hop.after, self.hop.allowed
        if window is None or after is None:
            return "" if window is None else "not seen"
        if after < window.begin:
            return f"{window.begin - after:.2f} s before it"
        return f"{after - window.end:.2f} s after it" if after > window.end else "within"


@dataclass(frozen=True)
class Swim:
    """A drill as it is drawn. begin: before the fault, so negative; end: of the axis; ended: of the drill."""

    name: str
    alert: str
    description: str
    promise: str
    verdicts: Sequence[Verdict]
    begin: float
    end: float
    curves: Sequence[Curve] = ()
    lanes: Sequence[Lane] = ()
    moments: Sequence[Moment] = ()
    steps: Sequence[Step] = ()
    ended: float = 0.0
    trouble: str = ""
    """why there is nothing to draw"""

    @property
    def outcome(self) -> Outcome:
        """The worst of its claims; a drill without any is no green one."""
        if not self.verdicts:
            return Outcome.UNKNOWN
        found = {verdict.outcome for verdict in self.verdicts}
        return next(
            (outcome for outcome in CLASSES if outcome in found and outcome is not Outcome.PASS), Outcome.PASS
        )
