"""The documented metrics and the moments that move them.

Every application metric changes on the event loop and `render` never awaits, so one exposition is one
state. Each metric, its labels and its unit are decided in a small method of its own.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from promptpilot.rendering import Rendering
from promptpilot.routing import METRICS_PATH, Route
from promptpilot.series import OTHER, SeriesPlaces
from promptpilot.users import ActiveUsers

DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
OUTCOMES = ("success", "failed")


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows in the database."""

    prompts: int
    pipelines: int


class _TotalsCollector(Collector):
    """`prompt_total` and `pipeline_total`: no answer of the database, no sample; never a stale one."""

    def __init__(self) -> None:
        self.totals: Totals | None = None

    def describe(self) -> Iterable[Metric]:
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        totals = self.totals
        prompts, pipelines = (totals.prompts, totals.pipelines) if totals else (None, None)
        yield GaugeMetricFamily("prompt_total", "Total number of prompts", value=prompts)
        yield GaugeMetricFamily("pipeline_total", "Total number of pipelines", value=pipelines)


class Metrics:
    """All metrics of one API instance, in a registry of its own.

    `active_users_window` is in seconds; `clock` is monotonic seconds.
    """

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(
        self, *, series_limit: int, active_users_window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self.users = ActiveUsers(active_users_window)
        self.prompt_places = SeriesPlaces(series_limit)
        self.pipeline_places = SeriesPlaces(series_limit)
        self.registry = CollectorRegistry()
        self._rendering = Rendering(self.registry)
        self.make_metrics(self.registry)
        self._totals = _TotalsCollector()
        self.registry.register(self._totals)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        # used from the first execution that outlives its prompt, whatever the limit
        self._start_prompt(OTHER)
        self._start_pipeline(OTHER)

    def make_metrics(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "http_requests_total", "Total HTTP requests", ("method", "endpoint", "status"), registry=registry
        )
        self.request_duration = Histogram(
            "http_request_duration_seconds",
            "HTTP request duration",
            ("method", "endpoint"),
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self.in_progress = Gauge(
            "http_requests_in_progress",
            "HTTP requests currently in progress",
            ("method", "endpoint"),
            registry=registry,
        )
        self.make_execution_metrics(registry)
        self.active_users = Gauge("active_users", "Number of active users", registry=registry)

    def make_execution_metrics(self, registry: CollectorRegistry) -> None:
        self.prompt_executions = Counter(
            "prompt_executions_total", "Total prompt executions", ("prompt_id", "status"), registry=registry
        )
        self.pipeline_executions = Counter(
            "pipeline_executions_total",
            "Total pipeline executions",
            ("pipeline_id", "status"),
            registry=registry,
        )
        self.prompt_seconds = Counter(
            "prompt_execution_seconds_total",
            "Total duration of prompt executions",
            ("prompt_id",),
            registry=registry,
        )
        self.prompt_cost = Counter(
            "prompt_execution_cost_usd_total",
            "Total cost of prompt executions in USD",
            ("prompt_id",),
            registry=registry,
        )
        self.pipeline_seconds = Counter(
            "pipeline_execution_seconds_total",
            "Total duration of pipeline executions",
            ("pipeline_id",),
            registry=registry,
        )
        self.pipeline_cost = Counter(
            "pipeline_execution_cost_usd_total",
            "Total cost of pipeline executions in USD",
            ("pipeline_id",),
            registry=registry,
        )

    # Labels and units.

    def request_labels(self, method: str, endpoint: str) -> tuple[str, str]:
        return (method, endpoint)

    def counter_labels(self, method: str, endpoint: str, status: int) -> tuple[str, str, str]:
        return (method, endpoint, str(status))

    def execution_labels(self, identity: str, outcome: str) -> tuple[str, str]:
        return (identity, outcome)

    def observed(self, seconds: float) -> float:
        return seconds

    # HTTP.

    def expect_routes(self, routes: Iterable[Route]) -> None:
        """Start the series of every route at 0, so that a first increment is an increase."""
        for route in routes:
            if route.path == METRICS_PATH:
                continue
            labels = self.request_labels(route.method, route.path)
            self.request_duration.labels(*labels)
            self.in_progress.labels(*labels)
            for status in route.known_statuses:
                self.expect_status(route.method, route.path, status)

    def expect_status(self, method: str, endpoint: str, status: int) -> None:
        self.requests.labels(*self.counter_labels(method, endpoint, status))

    def request_started(self, method: str, endpoint: str) -> None:
        self.in_progress.labels(*self.request_labels(method, endpoint)).inc()

    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        self.request_left(method, endpoint)
        self.request_counted(method, endpoint, status)
        self.request_timed(method, endpoint, seconds)

    def request_left(self, method: str, endpoint: str) -> None:
        self.in_progress.labels(*self.request_labels(method, endpoint)).dec()

    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        self.requests.labels(*self.counter_labels(method, endpoint, status)).inc()

    def request_timed(self, method: str, endpoint: str, seconds: float) -> None:
        self.request_duration.labels(*self.request_labels(method, endpoint)).observe(self.observed(seconds))

    def user_seen(self, user: bytes) -> None:
        self.users.seen(user, self.clock())

    # Business.

    def prompt_added(self, prompt_id: int) -> None:
        if self.prompt_places.add(prompt_id):
            self._start_prompt(str(prompt_id))

    def prompt_removed(self, prompt_id: int) -> None:
        if self.prompt_places.remove(prompt_id):
            _end(str(prompt_id), self.prompt_seconds, self.prompt_cost)
            for outcome in OUTCOMES:
                self.prompt_executions.remove(*self.execution_labels(str(prompt_id), outcome))

    def pipeline_added(self, pipeline_id: int) -> None:
        if self.pipeline_places.add(pipeline_id):
            self._start_pipeline(str(pipeline_id))

    def pipeline_removed(self, pipeline_id: int) -> None:
        if self.pipeline_places.remove(pipeline_id):
            _end(str(pipeline_id), self.pipeline_seconds, self.pipeline_cost)
            for outcome in OUTCOMES:
                self.pipeline_executions.remove(*self.execution_labels(str(pipeline_id), outcome))

    def prompt_executed(self, prompt_id: int, outcome: str) -> None:
        """One execution ended, however many attempts it took."""
        self.prompt_executions.labels(
            *self.execution_labels(self.prompt_places.label(prompt_id), outcome)
        ).inc()

    def prompt_spent(self, prompt_id: int, seconds: float, cost_usd: float) -> None:
        """What that execution took, whatever its outcome."""
        label = self.prompt_places.label(prompt_id)
        self.prompt_seconds.labels(label).inc(seconds)
        self.prompt_cost.labels(label).inc(cost_usd)

    def pipeline_executed(self, pipeline_id: int, outcome: str) -> None:
        label = self.pipeline_places.label(pipeline_id)
        self.pipeline_executions.labels(*self.execution_labels(label, outcome)).inc()

    def pipeline_spent(self, pipeline_id: int, seconds: float, cost_usd: float) -> None:
        label = self.pipeline_places.label(pipeline_id)
        self.pipeline_seconds.labels(label).inc(seconds)
        self.pipeline_cost.labels(label).inc(cost_usd)

    def _start_prompt(self, label: str) -> None:
        """Series at 0, so that a first execution is an increase."""
        _start(label, self.prompt_seconds, self.prompt_cost)
        for outcome in OUTCOMES:
            self.prompt_executions.labels(*self.execution_labels(label, outcome))

    def _start_pipeline(self, label: str) -> None:
        _start(label, self.pipeline_seconds, self.pipeline_cost)
        for outcome in OUTCOMES:
            self.pipeline_executions.labels(*self.execution_labels(label, outcome))

    # Exposition.

    def render(self, totals: Totals | None) -> bytes:
        """The exposition in Prometheus' text format; `totals` None: the database gave no answer."""
        self.active_users.set(self.users.count(self.clock()))
        self._totals.totals = totals
        return self._rendering.render()


def _start(label: str, *counters: Counter) -> None:
    for counter in counters:
        counter.labels(label)


def _end(label: str, *counters: Counter) -> None:
    for counter in counters:
        counter.remove(label)
