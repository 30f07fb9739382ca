"""Conditions of pass and fail as people write them, in a scenario or on a command line.

p95 < 250ms                                         of all requests, from the time when they were due
service p95 of GET /api/v1/prompts < 100ms          of one endpoint, from the time when they were sent
errors <= 1%                                        5xx or no answer, as a share; `errors <= 3` as a number
5xx of POST /api/v1/prompts < 0.5%                  one status or class of them
rate >= 129/s, in hold                              answers per second, in the stage named hold
p99 < 2s, over 10s, abort                           in every window of 10 s; the run ends when one breaks it
knee >= 100/s                                       the highest stage that kept the conditions under knee
metric http_requests_total                          Prometheus and the API count what the ledger counts
promql sum(rate(http_requests_total[1m])) > 100     what Prometheus says at the end of the run
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promproof.config.durations import SHORT, parse_short
from promproof.load.notation import RATE, parse_rate, parse_share

EXAMPLES = ("p95 < 250ms", "errors <= 1%", "p99 of GET /api/v1/prompts < 1s, over 10s, abort", "knee >= 50/s")
LATENCY = re.compile(r"(?:service )?(?:p(?P<p>[0-9]+(?:\.[0-9]+)?)|max|mean)")
COUNTED = re.compile(r"errors|unexpected|missed|[1-5]xx|[1-5][0-9][0-9]")
_CLAIM = re.compile(
    r"(?P<quantity>(?:service )?[a-z0-9.]+)"
    r"(?: of (?P<method>[A-Z]+) (?P<endpoint>\S+))?"
    r" *(?P<comparator><=|>=|==|<|>) *(?P<value>\S+)"
)
_COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}
SHAPE = "QUANTITY [of METHOD ENDPOINT] COMPARATOR VALUE[, over DURATION][, in STAGE][, abort]"


@dataclass(frozen=True)
class Condition:
    """One condition.

    text: as it was written. quantity: p95, errors, promql ... subject: the metric's name or the expression of
    those that ask Prometheus. value: seconds, per second, a share, or a number, as unit says.
    over: seconds of each window; None for the whole run. stage: only in the stage of this name.
    """

    text: str
    quantity: str
    comparator: str = ""
    value: float = 0.0
    unit: str = ""
    endpoint: tuple[str, str] | None = None
    subject: str = ""
    over: float | None = None
    stage: str | None = None
    abort: bool = False

    @property
    def asks_prometheus(self) -> bool:
        return self.quantity in ("promql", "metric")

    @property
    def percentile(self) -> float | None:
        """0 to 100, for percentiles and the maximum."""
        match = LATENCY.fullmatch(self.quantity)
        if match is None or self.quantity.endswith("mean"):
            return None
        return float(match["p"]) if match["p"] else 100.0

    @property
    def felt(self) -> bool:
        """Whether latency counts from the due time."""
        return not self.quantity.startswith("service ")

    def holds(self, observed: float) -> bool:
        """Whether an observed quantity, in this condition's unit, keeps it."""
        return bool(_COMPARE[self.comparator](observed, self.value))

    def show(self, observed: float) -> str:
        """An observed quantity as people read it."""
        match self.unit:
            case "s":
                return f"{observed * 1000:.1f} ms" if observed < 1 else f"{observed:.3f} s"
            case "/s":
                return f"{observed:.2f}/s"
            case "share":
                return f"{observed:.3%}"
            case _:
                return f"{observed:g}"

    def __str__(self) -> str:
        return self.text


def parse_condition(text: object) -> Condition:
    """Raises ValueError saying what is expected."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"expected a condition such as {EXAMPLES[0]!r}")
    text = text.strip()
    kind, _, rest = text.partition(" ")
    rest = rest.strip()
    if kind in ("promql", "metric"):
        if not rest or (kind == "metric" and not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", rest)):
            raise ValueError(f"expected {kind} and {'an expression' if kind == 'promql' else 'its name'}")
        return Condition(text, kind, subject=rest)
    text = " ".join(text.split())
    claim, *clauses = (part.strip() for part in text.split(","))
    match = _CLAIM.fullmatch(claim)
    if match is None:
        raise ValueError(f"expected {SHAPE}, such as {EXAMPLES[0]!r}")
    quantity = match["quantity"]
    value, unit = _value(quantity, match["value"])
    endpoint = (match["method"], match["endpoint"]) if match["method"] else None
    if endpoint and quantity in ("missed", "knee"):
        raise ValueError(f"{quantity} is of the whole run, expected it without an endpoint")
    over, stage, abort = _clauses(clauses, quantity)
    return Condition(text, quantity, match["comparator"], value, unit, endpoint, "", over, stage, abort)


def _value(quantity: str, text: str) -> tuple[float, str]:
    if match := LATENCY.fullmatch(quantity):
        if match["p"] and not 0 < float(match["p"]) <= 100:
            raise ValueError(f"{quantity} is no percentile, expected p50, p99.9 or another up to p100")
        try:
            return parse_short(text), "s"
        except ValueError:
            raise ValueError(f"{text!r} is no latency, expected {SHORT}") from None
    if quantity in ("rate", "knee"):
        try:
            return parse_rate(text), "/s"
        except ValueError:
            raise ValueError(f"{text!r} is no rate, expected {RATE}") from None
    if COUNTED.fullmatch(quantity):
        return _count_or_share(text)
    if quantity == "requests":
        if not text.isdigit():
            raise ValueError(f"{text!r} is no number of requests")
        return float(text), ""
    raise ValueError(
        f"{quantity!r} is no quantity, expected p95 and its kin, mean, max, errors, unexpected, missed, 5xx, 404, "
        "rate, requests, knee, metric or promql"
    )


def _count_or_share(text: str) -> tuple[float, str]:
    if text.isdigit():
        return float(text), ""
    try:
        return parse_share(text), "share"
    except ValueError:
        raise ValueError(
            f"{text!r}, expected a percentage such as 1%, or a whole number of requests"
        ) from None


def _clauses(clauses: list[str], quantity: str) -> tuple[float | None, str | None, bool]:
    over: float | None = None
    stage: str | None = None
    abort = False
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "over":
            over = parse_short(rest)
        elif word == "in" and rest:
            stage = rest
        elif clause == "abort":
            abort = True
        else:
            raise ValueError(f"{clause!r}, expected over DURATION, in STAGE, or abort")
    if over is not None and over < 1:
        raise ValueError("a window under 1 s holds too little, expected over 1s or more")
    if abort and over is None:
        raise ValueError("abort needs a window that has ended, expected over DURATION as well")
    if quantity in ("knee", "missed", "unexpected") and (over is not None or stage is not None):
        raise ValueError(f"{quantity} is known of the whole run only, expected no window and no stage")
    return over, stage, abort
