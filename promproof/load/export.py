"""The load itself for Prometheus: what was sent and what came back, so that load and effect stand in one Grafana.

Names begin with `load_`. Counters grow from the begin of the judged part; the histogram has the edges of the
latencies that people ask about, from the ledger's much finer buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from promproof.evidence import bins
from promproof.load.account import Account
from promproof.load.quantities import parts_of

EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)


class LoadCollector(Collector):
    """Collects from the account of the current run; no run, no samples."""

    def __init__(self, account: Callable[[], Account | None]) -> None:
        self._account = account

    def collect(self) -> Iterable[Metric]:
        """All families, also without a run, so that a scrape never changes its shape."""
        account = self._account()
        yield from self._requests(account)
        yield self._durations(account)
        yield self._running(account)
        yield from self._generator(account)

    def _requests(self, account: Account | None) -> Iterable[Metric]:
        answered = CounterMetricFamily(
            "load_requests", "Answers that the load generator got", labels=["method", "endpoint", "status"]
        )
        unanswered = CounterMetricFamily(
            "load_unanswered", "Requests without an answer", labels=["method", "endpoint"]
        )
        if account is not None:
            view = account.view()
            for (method, endpoint, status), n in sorted(view.counts.items()):
                answered.add_metric([method, endpoint, str(status)], n)
            for key in view.endpoints():
                (part,) = parts_of(view, key)
                unanswered.add_metric([*key], sum(part.lost.values()) + sum(part.dropped.values()))
        yield answered
        yield unanswered

    def _durations(self, account: Account | None) -> Metric:
        family = HistogramMetricFamily(
            "load_request_duration_seconds",
            "Latency from the time when a request was due to the end of its answer",
            labels=["method", "endpoint"],
        )
        if account is not None:
            view = account.view()
            for key in view.endpoints():
                (part,) = parts_of(view, key)
                buckets = [(f"{edge:g}", bins.count_at_or_below(part.felt, edge)) for edge in EDGES]
                count = sum(part.felt.values())
                total = sum(bins.bucket_top(index) * n for index, n in part.felt.items()) / 1e6
                family.add_metric([*key], [*buckets, ("+Inf", count)], total)
        return family

    def _running(self, account: Account | None) -> Metric:
        family = GaugeMetricFamily("load_running", "1 while a scenario runs", labels=["scenario"])
        if account is not None:
            over = bool(account.final) or account.ended < inf
            family.add_metric([account.scenario.name], 0.0 if over else 1.0)
        return family

    def _generator(self, account: Account | None) -> Iterable[Metric]:
        lag = GaugeMetricFamily("load_lag_seconds", "How late arrivals were sent", labels=["quantile"])
        cpu = GaugeMetricFamily(
            "load_generator_cpu_ratio", "Share of one CPU in the last second, busiest process"
        )
        if account is not None:
            view = account.view()
            for quantile in ("0.5", "0.99", "1"):
                value = bins.percentile(view.lags, float(quantile) * 100)
                if value is not None:
                    lag.add_metric([quantile], value)
            latest = account.slots.get(max(account.slots, default=0))
            if latest is not None and latest.cpu is not None:
                cpu.add_metric([], latest.cpu)
        yield lag
        yield cpu
