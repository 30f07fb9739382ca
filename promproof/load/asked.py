"""Conditions that Prometheus answers: `promql EXPR` and `metric NAME`.

Inputs are driven once; here questions are repeated until the target is at rest and Prometheus has scraped that rest.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import promql_parser as promql

from promproof.config.promql import parse
from promproof.contract.model import Contract, load, seconds
from promproof.crash import Keep, without_file
from promproof.errors import EvidenceError, InputError
from promproof.evidence.view import LedgerView
from promproof.load.account import Account
from promproof.load.conditions import Condition
from promproof.load.judgement import Judgement, Outcome, guarded
from promproof.load.options import Options
from promproof.observe.prometheus import Prometheus
from promproof.observe.readings import Readings
from promproof.truth.counts import COUNTED, Reading, Row, rows, set_aside, total
from promproof.truth.metrics import at_rest, sample_name

REST_STEP_SECONDS = 0.2
SCRAPES_AT_MOST = 4
"""scrape intervals after the end of the run within which Prometheus must have stored the rest"""
NOTHING_COUNTED = "nothing was counted: there is nothing to compare"
NOT_STORED = (
    "metric_relabel_configs keep it from Prometheus, or add series of it up: there is nothing to compare"
)
_OPERATORS = ("<", "<=", ">", ">=", "==")


@dataclass(frozen=True)
class Asked:
    """A PromQL condition, taken apart: the quantity, and what it must be."""

    expression: str
    comparator: str
    value: float

    def holds(self, observed: float) -> bool:
        return Condition("", "", self.comparator, self.value).holds(observed)


def take_apart(condition: Condition) -> Asked:
    """The two sides of a comparison with a number.

    Raises:
        InputError: it is no PromQL, or no comparison with a number.
    """
    try:
        tree = parse(condition.subject)
    except ValueError as error:
        raise InputError(
            what=f"not PromQL: {error}", where=condition.text, expected="EXPR < NUMBER or its kin"
        ) from error
    if (
        not isinstance(tree, promql.BinaryExpr)
        or str(tree.op) not in _OPERATORS
        or not isinstance(tree.rhs, promql.NumberLiteral)
    ):
        raise InputError(
            what="is no comparison with a number",
            where=condition.text,
            expected="promql EXPR < NUMBER",
            todo="write the bound to the right",
        )
    return Asked(tree.lhs.prettify(), str(tree.op), float(tree.rhs.val))


class Questions:
    """What Prometheus is asked for one session: before it (`begin`) and after it (`answers`)."""

    def __init__(self, options: Options, account: Account) -> None:
        self._account = account
        self._asking = [condition for condition in account.conditions if condition.asks_prometheus]
        self._promql = {
            condition: take_apart(condition) for condition in self._asking if condition.quantity == "promql"
        }
        self._metrics = [condition for condition in self._asking if condition.quantity == "metric"]
        self._prometheus = Prometheus(options.prometheus) if self._asking and options.prometheus else None
        self._contract: Contract | None = None
        self._readings: Readings | None = None
        self._base: Reading | None = None
        if self._metrics:
            self._contract = load(options.contract)
            for metric in self._metrics:
                _counted(self._contract, metric, str(options.contract))
            self._readings = Readings(self._contract, options.target, self._prometheus)

    def begin(self) -> None:
        """Read what the counters stand at.

        Raises:
            EvidenceError: the target or Prometheus does not answer.
        """
        if self._readings is not None:
            self._readings.scraped()
            self._base = self._readings.api()

    def answers(self, reasons: list[str], keep: Keep = without_file) -> list[Judgement]:
        """Verdicts on the conditions that Prometheus answers, in their order."""
        if not self._asking:
            return []
        if reasons:
            return [_unknown(condition, f"the run is invalid: {reasons[0]}") for condition in self._asking]
        try:
            api, stored = self._rest() if self._metrics else (None, None)
        except EvidenceError as error:
            return [_unknown(condition, f"{error.component}: {error.state}") for condition in self._asking]
        except Exception as error:
            said = keep("reading the counters at rest", error)
            return [
                _unknown(condition, f"the counters could not be read: {said}") for condition in self._asking
            ]

        def answer(condition: Condition) -> Judgement:
            if condition.quantity == "metric":
                return self._metric(condition, api, stored)
            return self._expression(condition)

        return [guarded(condition, answer, keep) for condition in self._asking]

    def _expression(self, condition: Condition) -> Judgement:
        asked = self._promql[condition]
        assert self._prometheus is not None
        end = time.time() - time.monotonic() + min(self._account.ended, time.monotonic())
        try:
            found = [value for _, value in self._prometheus.query(asked.expression, at=end)]
        except EvidenceError as error:
            return _unknown(condition, error.state)
        if not found:
            return _unknown(condition, "no series: Prometheus knows nothing of it at the end of the run")
        if any(math.isnan(value) for value in found):
            return _unknown(condition, "NaN at the end of the run")
        broken = [value for value in found if not asked.holds(value)]
        shown = ", ".join(f"{value:g}" for value in (broken or found)[:3])
        if broken:
            return Judgement(condition.text, Outcome.FAIL, f"{shown} at the end of the run")
        return Judgement(condition.text, Outcome.PASS, f"{shown} at the end of the run")

    def _rest(self) -> tuple[Reading, Reading | None]:
        assert self._readings is not None
        assert self._contract is not None
        handler = seconds(self._contract.target.longest_handler)
        view = self._account.everything()
        if view.abandoned or view.uncertain:
            time.sleep(max(0.0, view.latest + handler - time.monotonic()))
        names = {sample_name(self._contract.metric(metric.subject)) for metric in self._metrics}
        deadline = time.monotonic() + handler + SCRAPES_AT_MOST * self._readings.scraped().interval
        before: dict[object, float] | None = None
        rested: Reading | None = None
        while time.monotonic() < deadline:
            api = self._readings.api()
            now: dict[object, float] = {key: value for key, value in api.values.items() if key[0] in names}
            rested = rested if now == before and rested is not None else api
            before = now
            stored = self._readings.stored()
            if stored is not None and stored.begin > rested.begin and rested is not api:
                return api, stored
            time.sleep(REST_STEP_SECONDS)
        raise EvidenceError("prometheus", "has not scraped the target at rest in time")

    def _metric(self, condition: Condition, api: Reading | None, stored: Reading | None) -> Judgement:
        assert self._contract is not None
        assert self._base is not None
        metric = self._contract.metric(condition.subject)
        view = self._account.everything()
        seen = [labels for side in (api, stored) if side is not None for labels in side.of(metric)]
        client = at_rest(metric, view, seen)
        found = rows(metric, self._base, client, api, client, stored)
        return judge_rows(condition.text, *set_aside(found, metric, self._contract, view), view)


def judge_rows(text: str, found: list[Row], put_aside: list[Row], view: LedgerView) -> Judgement:
    """Whether all three sides of a metric at rest agree."""
    every = total(found)
    if every is None or not view.requests:
        return Judgement(text, Outcome.UNKNOWN, NOTHING_COUNTED)
    aside = f"; {len(put_aside)} label sets of deleted subjects or notifications aside" if put_aside else ""
    wrong = [row for row in found if row.differs]
    if wrong:
        worst = max(wrong, key=lambda row: row.differs)
        seen = (
            f"{worst.series}: client {worst.client}, API {_shown(worst.api)}, Prometheus {_shown(worst.prometheus)}"
            f"; {len(wrong)} of {len(found)} label sets differ"
        )
        return Judgement(text, Outcome.FAIL, seen + aside)
    kept = [row for row in found if row.prometheus is None]
    if len(kept) == len(found):
        return Judgement(text, Outcome.UNKNOWN, NOT_STORED + aside)
    if kept:
        aside += f"; {len(kept)} that metric_relabel_configs keep from Prometheus by the first two"
    exact = "exactly" if every.client.low == every.client.high else "within what is known"
    return Judgement(
        text,
        Outcome.PASS,
        f"{every.client} {exact}: client, API and Prometheus, {len(found)} label sets{aside}",
    )


def _counted(contract: Contract, condition: Condition, where: str) -> None:
    known = [metric.name for metric in contract.metrics if metric.truth.kind in COUNTED]
    if condition.subject not in known:
        raise InputError(
            what=f"{condition.subject} is no metric that a ledger can count",
            where=where,
            expected=f"one of: {', '.join(known)}",
        )


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:g}"


def _unknown(condition: Condition, why: str) -> Judgement:
    return Judgement(condition.text, Outcome.UNKNOWN, why)
