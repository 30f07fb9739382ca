"""A shop with the metrics of Go's promhttp: `code`, `method` in lower case, its handler's own counter, OpenMetrics."""

import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

sys.path.insert(0, str(Path(__file__).parents[1]))
import plain

registry = CollectorRegistry()
requests = Counter(
    "http_requests", "Tracks the number of HTTP requests.", ["method", "code"], registry=registry
)
durations = Histogram(
    "http_request_duration_seconds",
    "Tracks the latencies for HTTP requests.",
    ["method", "code"],
    registry=registry,
    buckets=[0.1, 0.5, 1, 2.5],
)
in_flight = Gauge("http_requests_in_flight", "Tracks the number of requests being served.", registry=registry)
scrapes = Counter(
    "promhttp_metric_handler_requests",
    "Total number of scrapes by HTTP status code.",
    ["code"],
    registry=registry,
)
for code in ("200", "500", "503"):
    scrapes.labels(code)


def counted(method: str, route: str, status: int, seconds: float) -> None:
    labels = {"method": method.lower(), "code": str(status)}
    requests.labels(**labels).inc(exemplar={"trace_id": f"{id(labels):x}"})
    durations.labels(**labels).observe(seconds, {"trace_id": f"{id(labels):x}"})


def shown() -> tuple[str, str]:
    text = generate_latest(registry).decode()
    scrapes.labels("200").inc()
    return text, CONTENT_TYPE_LATEST


plain.serve(counted, shown, in_flight.inc)
