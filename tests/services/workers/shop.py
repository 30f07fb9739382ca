"""The shop of each worker: its metrics are those of all workers, or its own alone."""

import os
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CALLS = Counter("shop_calls_total", "Calls.", ["method", "path", "code"])
SECONDS = Histogram("shop_call_seconds", "Time to answer.", ["path"])
app = FastAPI()


@app.middleware("http")
async def count(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    begin = time.perf_counter()
    response = await answer(request)
    route = request.scope.get("route")
    path = route.path if route is not None else "other"
    if path != "/metrics":
        CALLS.labels(request.method, path, response.status_code).inc()
        SECONDS.labels(path).observe(time.perf_counter() - begin)
    return response


@app.get("/metrics")
def metrics() -> Response:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/items")
def items() -> list[dict[str, int]]:
    return [{"id": 1}, {"id": 2}]


@app.get("/items/{id}")
def item(id: int) -> dict[str, int]:
    return {"id": id}
