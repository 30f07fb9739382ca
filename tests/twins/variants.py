"""PromptPilot with one thing wrong: each variant is the smallest change that makes a documented metric lie.

`python tests/twins/variants.py NAME --port N` serves one. Nothing but the named thing differs from the real API.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import Message, Scope

from promptpilot import app as application
from promptpilot.__main__ import main
from promptpilot.executions import Call, Executions
from promptpilot.instrument import Exchange, Instrumentation
from promptpilot.metrics import DURATION_BUCKETS, Metrics, Totals
from promptpilot.provider import Plan, Reply
from promptpilot.settings import Settings
from promptpilot.store import PromptRun
from tests.twins import cases


class DoubleCounting(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        super().request_counted(method, endpoint, status)
        super().request_counted(method, endpoint, status)


class EveryHundredthLost(Metrics):
    seen = 0

    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        self.seen += 1
        if self.seen % 100:
            super().request_counted(method, endpoint, status)


class ExceptionsUncounted(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        if status != 500:
            super().request_counted(method, endpoint, status)


class RawPaths(Instrumentation):
    def endpoint_label(self, scope: Scope) -> str:
        return str(scope["path"])


class SwappedLabels(Metrics):
    def counter_labels(self, method: str, endpoint: str, status: int) -> tuple[str, str, str]:
        return (endpoint, method, str(status))


class Milliseconds(Metrics):
    def observed(self, seconds: float) -> float:
        return seconds * 1000


class HeadersOnly(Instrumentation):
    """Stops the clock when the headers go out, as many ready-made instrumentations do."""

    def sending(self, exchange: Exchange, message: Message) -> None:
        super().sending(exchange, message)
        if message["type"] == "http.response.start":
            self.end(exchange)


class LeakingGauge(Instrumentation):
    """Forgets the gauge when a request ends in an exception."""

    def failed(self, exchange: Exchange) -> None:
        super().failed(exchange)
        if not exchange.ended:
            self.metrics.request_started(exchange.method, exchange.endpoint)


class GaugeNeverUp(Metrics):
    def request_started(self, method: str, endpoint: str) -> None:
        self.in_progress.labels(method, endpoint)

    def request_left(self, method: str, endpoint: str) -> None:
        pass


class FrozenUsers(Metrics):
    def user_seen(self, user: bytes) -> None:
        pass


class UsersNeverAge(Metrics):
    def __init__(self, *, series_limit: int, active_users_window: float, clock: Callable[[], float]) -> None:
        super().__init__(series_limit=series_limit, active_users_window=1e9, clock=clock)


class RetriesCounted(Executions):
    """Counts each attempt that has to be repeated as an execution of its own."""

    async def attempt(self, call: Call, plan: Plan, number: int) -> Reply:
        if number > 1:
            self.metrics.prompt_executed(call.prompt.id, "failed")
        return await super().attempt(call, plan, number)


class ExecutionMilliseconds(Metrics):
    def prompt_spent(self, prompt_id: int, seconds: float, cost_usd: float) -> None:
        super().prompt_spent(prompt_id, seconds * 1000, cost_usd)


class FailuresCostNothing(Executions):
    """Forgets what a crashed execution took and cost, as a counter after the call does."""

    def _count(self, call: Call, status: str, run: PromptRun | None, started: float) -> None:
        if status == "failed":
            self.metrics.prompt_executed(call.prompt.id, status)
        else:
            super()._count(call, status, run, started)


class CostBornWithFirstEvent(Metrics):
    def pipeline_added(self, pipeline_id: int) -> None:
        super().pipeline_added(pipeline_id)
        self.pipeline_cost.remove(str(pipeline_id))


class PipelineNeverFails(Metrics):
    def pipeline_executed(self, pipeline_id: int, outcome: str) -> None:
        super().pipeline_executed(pipeline_id, "success")


class BornWithFirstEvent(Metrics):
    def prompt_added(self, prompt_id: int) -> None:
        self.prompt_places.add(prompt_id)


class OutlivesPrompt(Metrics):
    def prompt_removed(self, prompt_id: int) -> None:
        self.prompt_places.remove(prompt_id)


class StaleTotals(Metrics):
    first: Totals | None = None

    def render(self, totals: Totals | None) -> bytes:
        self.first = self.first or totals
        return super().render(self.first)


class EmptyExposition(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return b""


class ExposedTwice(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return super().render(totals) + b"active_users 7\n"


class FrozenTimestamps(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        lines = super().render(totals).splitlines()
        return (
            b"\n".join(
                line + b" 1700000000000" if line.startswith(b"active_users ") else line for line in lines
            )
            + b"\n"
        )


class Undocumented(Metrics):
    def make_metrics(self, registry: CollectorRegistry) -> None:
        super().make_metrics(registry)
        Gauge("cache_entries", "Entries in the cache", registry=registry).set(3)


class TopBucketAtThreshold(Metrics):
    """No bucket above 1 s: the 95th percentile is pinned at the alert's threshold."""

    def make_metrics(self, registry: CollectorRegistry) -> None:
        super().make_metrics(registry)
        registry.unregister(self.request_duration)
        self.request_duration = Histogram(
            "http_request_duration_seconds",
            "HTTP request duration",
            ("method", "endpoint"),
            registry=registry,
            buckets=[edge for edge in DURATION_BUCKETS if edge <= 1],
        )


class RenamedMetric(Metrics):
    def make_metrics(self, registry: CollectorRegistry) -> None:
        super().make_metrics(registry)
        registry.unregister(self.pipeline_executions)
        self.pipeline_executions = Counter(
            "pipeline_runs_total", "Total pipeline executions", ("pipeline_id", "status"), registry=registry
        )


class OtherProcess(Metrics):
    """Process figures of the parent instead of the own process."""

    def make_metrics(self, registry: CollectorRegistry) -> None:
        super().make_metrics(registry)
        # The parent may have as many files open as the target by chance: then its figures would be true.
        self.held = [os.open(os.devnull, os.O_RDONLY) for _ in range(300)]
        parent = os.getppid()
        self.parent = ProcessCollector(registry=None, pid=lambda: parent)

    def render(self, totals: Totals | None) -> bytes:
        own = [name for name in self.registry._collector_to_names if isinstance(name, ProcessCollector)]
        for collector in own:
            self.registry.unregister(collector)
        if own:
            self.registry.register(self.parent)
            own.clear()
        return super().render(totals)


class WrongValues(DoubleCounting, Milliseconds, GaugeNeverUp, FrozenUsers, OutlivesPrompt, StaleTotals):
    """One fault for each metric whose values lie: none of them hides another."""


class WrongNames(SwappedLabels, RenamedMetric, FrozenTimestamps):
    """Labels, a name and timestamps that lie, each of another metric."""


METRICS: dict[str, type[Metrics]] = {
    "double-counting": DoubleCounting,
    "every-hundredth-lost": EveryHundredthLost,
    "exceptions-uncounted": ExceptionsUncounted,
    "swapped-labels": SwappedLabels,
    "milliseconds": Milliseconds,
    "gauge-never-up": GaugeNeverUp,
    "frozen-users": FrozenUsers,
    "users-never-age": UsersNeverAge,
    "execution-milliseconds": ExecutionMilliseconds,
    "cost-born-with-first-event": CostBornWithFirstEvent,
    "pipeline-never-fails": PipelineNeverFails,
    "born-with-first-event": BornWithFirstEvent,
    "outlives-prompt": OutlivesPrompt,
    "stale-totals": StaleTotals,
    "empty-exposition": EmptyExposition,
    "exposed-twice": ExposedTwice,
    "frozen-timestamps": FrozenTimestamps,
    "undocumented": Undocumented,
    "top-bucket-at-threshold": TopBucketAtThreshold,
    "renamed-metric": RenamedMetric,
    "other-process": OtherProcess,
    "wrong-values": WrongValues,
    "wrong-names": WrongNames,
}
INSTRUMENTATION: dict[str, type[Instrumentation]] = {
    "raw-paths": RawPaths,
    "headers-only": HeadersOnly,
    "leaking-gauge": LeakingGauge,
}
EXECUTIONS: dict[str, type[Executions]] = {
    "retries-counted": RetriesCounted,
    "failures-cost-nothing": FailuresCostNothing,
}
FORKED = "two-workers"
METRICS |= cases.METRICS
INSTRUMENTATION |= cases.INSTRUMENTATION
EXECUTIONS |= cases.EXECUTIONS
NAMES = ("sound", *METRICS, *INSTRUMENTATION, *EXECUTIONS, FORKED)


def build(name: str) -> Callable[[Settings], application.PromptPilot]:
    """The factory of a variant."""
    return partial(
        application.create_app,
        metrics_class=METRICS.get(name, Metrics),
        instrumentation_class=INSTRUMENTATION.get(name, Instrumentation),
        executions_class=EXECUTIONS.get(name, Executions),
    )


def forked(settings: Settings) -> application.PromptPilot:
    """Two workers behind one socket, each with a registry of its own: a scrape sees one of them."""
    application.create_app(settings).close()  # the tables are there before two processes look for them
    os.fork()
    return application.create_app(settings)


if __name__ == "__main__":
    variant = sys.argv.pop(1)
    raise SystemExit(main(build=forked if variant == FORKED else build(variant)))
