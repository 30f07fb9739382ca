"""Shortens every duration of a run by one factor and nothing else: rules, scrapes, Alertmanager's timers.

`[5m]` and `for: 5m` make an honest drill last ten minutes; at 60 it takes ten seconds. A scale at which a
duration would be too short to work is refused, with file and key. Scale 1 leaves everything as it is written.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from promproof.config.durations import (
    EXPECTED,
    format_duration,
    format_milliseconds,
    parse_duration,
    parse_milliseconds,
)
from promproof.config.promql_durations import rewrite_durations
from promproof.config.yamlfile import clone, key_text, value_at
from promproof.config.yamltext import Key
from promproof.errors import InputError

__all__ = ["NOT_SCALED", "TimeScale", "format_duration", "parse_duration"]

Place = Callable[[Key], str]
"""`file:line` of a key of the document at hand; `Document.where` is one."""

MAXIMUM_CHANGE = 0.01
"""Rounding to milliseconds may change a duration by this share of it."""
SHORTEST_SCRAPE_MS = 100
SCRAPES_IN_INTERVAL = 5
"""A scrape may take this part of its interval: one fifth."""
DELAYS_IN_WINDOW = 2
"""An injected delay may take half of a window: so long after each change of a dose nobody can tell what was counted."""

NOT_SCALED = (
    "Prometheus discovery ticks every 5 s: the first scrape comes about 5 s after the start",
    "Alertmanager's notification time-out is at least 10 s, and its retries back off on their own",
    "starting a process, a scrape, an injected delay take as long as they take",
)
"""What no scale shortens; listed in every verdict that it touches."""

# Defaults of Prometheus (config/config.go, cmd/prometheus/main.go) and Alertmanager (config/config.go,
# dispatch/route.go). Made explicit, because a default that is left out would stay unscaled.
_GLOBAL_DEFAULTS = {"scrape_interval": "1m", "evaluation_interval": "1m"}
_SCRAPE_TIMEOUT = "10s"
_ROUTE_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
_RESOLVE_TIMEOUT = "5m"
_FLAGS = {
    "--rules.alert.resend-delay": "1m",
    "--rules.alert.for-grace-period": "10m",
    "--rules.alert.for-outage-tolerance": "1h",
    "--query.lookback-delta": "5m",
}


def _nowhere(key: Key) -> str:
    return "the document"


@dataclass(frozen=True)
class TimeScale:
    """A factor of at least 1; 60 makes an hour last a minute.

    Factors under 1 are refused: a run that is slower than what is deployed proves nothing that scale 1
    doesn't. Documents come in as data of `yamlfile.load` and go out as a changed copy; `place` gives file and
    line for messages.

    Raises:
        InputError: the factor is under 1 or not finite; in the methods: a duration that can't be scaled.
    """

    factor: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.factor) and self.factor >= 1):
            raise InputError(
                what=f"time scale {self.factor:g} is not possible",
                where="--time-scale",
                expected="a number of at least 1; 60 makes 5m last 5s",
            )

    @property
    def is_identity(self) -> bool:
        return self.factor == 1

    def __str__(self) -> str:
        return f"{self.factor:g}"

    def milliseconds(self, milliseconds: int, where: str = "the duration") -> int:
        """A duration, scaled and rounded to whole milliseconds; 0 stays 0.

        Raises:
            InputError: it would round to less than 1 ms, or change by more than 1 %.
        """
        scaled = round(milliseconds / self.factor)
        if abs(scaled * self.factor - milliseconds) <= MAXIMUM_CHANGE * milliseconds:
            return scaled
        written = format_milliseconds(milliseconds)
        exact = f"{milliseconds / self.factor:.3g} ms"
        if scaled < 1:
            raise self._refusal(f"{written} would last {exact}, which rounds to less than 1 ms", where)
        raise self._refusal(f"{written} would last {exact}; rounding changes it by more than 1 %", where)

    def seconds(self, seconds: float) -> float:
        """A duration in seconds, scaled, without rounding."""
        return seconds / self.factor

    def duration(self, text: str, where: str = "the duration") -> str:
        """A duration in Prometheus' syntax, scaled; at scale 1 the text as it is written.

        Raises:
            InputError: it is no duration, or can't be scaled.
        """
        try:
            milliseconds = parse_milliseconds(str(text))
        except ValueError:
            raise InputError(
                what=f"{str(text)!r} is not a duration", where=where, expected=EXPECTED
            ) from None
        return text if self.is_identity else format_milliseconds(self.milliseconds(milliseconds, where))

    def promql(self, expression: str, where: str = "the expression") -> str:
        """An expression with its range selectors, subqueries and offsets scaled; `@` and numbers stay.

        Raises:
            InputError: it does not parse, or one of its durations can't be scaled.
        """
        if self.is_identity:
            return expression
        try:
            return rewrite_durations(expression, lambda ms: self.milliseconds(ms, where))
        except ValueError as error:
            raise InputError(
                what=f"can't be scaled: {error}",
                where=where,
                expected="an expression that promql-parser reads",
                todo="correct it, or run with time scale 1",
            ) from error

    def rule_file(self, document: Mapping[str, Any], place: Place = _nowhere) -> dict[str, Any]:
        """A rule file with `interval`, `query_offset`, `for`, `keep_firing_for` and every `expr` scaled."""
        edit = _Edit(self, document, place)
        if self.is_identity:
            return edit.document
        for group in edit.items(("groups",)):
            edit.scale_present(group, "interval", "query_offset")
            for rule in edit.items((*group, "rules")):
                edit.scale_present(rule, "for", "keep_firing_for")
                edit.scale_expression((*rule, "expr"))
        return edit.document

    def prometheus(
        self,
        document: Mapping[str, Any],
        place: Place = _nowhere,
        scrape_seconds: Mapping[str, float] | None = None,
        jobs: Collection[str] | None = None,
    ) -> dict[str, Any]:
        """A Prometheus configuration with its scrape and evaluation durations scaled, defaults made explicit.

        scrape_seconds: what a scrape of a job was measured to take. jobs: those that the run keeps, None for all;
        the others stay as they are written.

        Raises:
            InputError: also when a job would be scraped every 100 ms or less, or at less than five times
                what its scrape takes.
        """
        edit = _Edit(self, document, place)
        if self.is_identity:
            return edit.document
        for name, default in _GLOBAL_DEFAULTS.items():
            edit.set_default(("global",), name, default)
        interval = edit.parsed(("global", "scrape_interval"))
        # config/config.go: a time-out that nobody gave is cut to the interval.
        timeout = format_milliseconds(min(parse_milliseconds(_SCRAPE_TIMEOUT), interval))
        edit.set_default(("global",), "scrape_timeout", timeout)
        edit.scale_present(("global",), "evaluation_interval", "scrape_interval", "scrape_timeout")
        edit.scale_present(("global",), "rule_query_offset")
        for job in edit.items(("scrape_configs",)):
            if jobs is not None and str(edit.get((*job, "job_name"))) not in jobs:
                continue
            edit.scale_present(job, "scrape_interval", "scrape_timeout")
            self._refuse_fast_scrapes(edit, job, scrape_seconds or {})
        return edit.document

    def alertmanager(self, document: Mapping[str, Any], place: Place = _nowhere) -> dict[str, Any]:
        """An Alertmanager configuration with the timers of all routes and `resolve_timeout` scaled."""
        edit = _Edit(self, document, place)
        if self.is_identity:
            return edit.document
        edit.set_default(("global",), "resolve_timeout", _RESOLVE_TIMEOUT)
        edit.scale_present(("global",), "resolve_timeout")
        routes: list[Key] = [("route",)] if edit.get(("route",)) is not None else []
        for name, default in _ROUTE_DEFAULTS.items() if routes else ():
            edit.set_default(("route",), name, default)  # the routes below inherit from this one
        while routes:
            route = routes.pop()
            edit.scale_present(route, *_ROUTE_DEFAULTS)
            routes.extend(edit.items((*route, "routes")))
        return edit.document

    def prometheus_flags(self) -> list[str]:
        """The options of the prometheus process that are durations, with scaled values."""
        return [f"{flag}={self.duration(default, flag)}" for flag, default in _FLAGS.items()]

    def refuse_long_delay(self, delay_seconds: float, window: str, where: str) -> None:
        """Refuse a delay that a drill injects when it takes more than half of the scaled window.

        delay_seconds is real time; window is the duration as it is written, unscaled.

        Raises:
            InputError: the delay would blur the window. Never at scale 1.
        """
        length = self.seconds(parse_duration(window))
        if self.is_identity or delay_seconds * DELAYS_IN_WINDOW <= length:
            return
        raise self._refusal(
            f"a delay of {delay_seconds:g} s is more than half of {window}, which lasts {length:g} s",
            where,
        )

    def _refuse_fast_scrapes(self, edit: "_Edit", job: Key, scrape_seconds: Mapping[str, float]) -> None:
        key = (*job, "scrape_interval")
        if edit.get(key) is None:
            key = ("global", "scrape_interval")
        measured = scrape_seconds.get(str(edit.get((*job, "job_name"))), 0.0)
        self.refuse_fast(edit.parsed(key), measured, key_text(edit.document, job), edit.where(key))

    def refuse_fast(self, interval: int, measured: float, name: str, where: str) -> None:
        """Refuse a job that would be scraped every `interval` ms, already scaled, when a scrape takes `measured` s.

        Raises:
            InputError: that is more often than can be.
        """
        if interval < SHORTEST_SCRAPE_MS:
            raise self._refusal(
                f"{name} would be scraped every {interval} ms, the least is {SHORTEST_SCRAPE_MS} ms", where
            )
        if interval < SCRAPES_IN_INTERVAL * measured * 1000:
            raise self._refusal(
                f"{name} would be scraped every {interval} ms, the least is {SCRAPES_IN_INTERVAL} times "
                f"the {measured * 1000:.0f} ms that one scrape takes",
                where,
            )

    def _refusal(self, what: str, where: str) -> InputError:
        return InputError(
            what=f"time scale {self} is too large: {what}",
            where=where,
            todo="choose a smaller time scale; 1 always works",
        )


class _Edit:
    """A copy of a document under change: finds values by key, says where they stand when they are wrong."""

    def __init__(self, scale: TimeScale, document: Mapping[str, Any], place: Place) -> None:
        self._scale = scale
        self._place = place
        self.document: dict[str, Any] = clone(dict(document))

    def where(self, key: Key) -> str:
        return f"{self._place(key)}, {key_text(self.document, key)}"

    def get(self, key: Key) -> Any:
        """The value of a key; None where nothing is."""
        return value_at(self.document, key)

    def items(self, key: Key) -> list[Key]:
        """The keys of a list's items; none where there is no list. Each item must be a mapping."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise InputError(what=f"found {value!r}", where=self.where(key), expected="a list")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise InputError(
                    what=f"found {item!r}", where=self.where((*key, index)), expected="keys and values"
                )
        return [(*key, index) for index in range(len(value))]

    def parsed(self, key: Key) -> int:
        """A duration in milliseconds."""
        try:
            return parse_milliseconds(str(self.get(key)))
        except ValueError:
            raise InputError(
                what=f"{str(self.get(key))!r} is not a duration", where=self.where(key), expected=EXPECTED
            ) from None

    def set_default(self, mapping: Key, name: str, value: str) -> None:
        if self.get(mapping) is None:
            self._put(mapping, {})
        if not isinstance(self.get(mapping), dict):
            raise InputError(
                what=f"found {self.get(mapping)!r}", where=self.where(mapping), expected="keys and values"
            )
        if self.get((*mapping, name)) is None:
            self._put((*mapping, name), value)

    def scale_present(self, mapping: Key, *names: str) -> None:
        for name in names:
            key = (*mapping, name)
            if self.get(key) is not None:
                self._put(key, self._scale.duration(str(self.get(key)), self.where(key)))

    def scale_expression(self, key: Key) -> None:
        if self.get(key) is not None:
            self._put(key, self._scale.promql(str(self.get(key)), self.where(key)))

    def _put(self, key: Key, value: Any) -> None:
        parent: Any = self.get(key[:-1])
        parent[key[-1]] = value
