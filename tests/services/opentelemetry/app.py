"""A shop with the semantic conventions of OpenTelemetry, through its exporter for Prometheus."""

import asyncio
import os
import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import make_asgi_app

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http"
app = FastAPI()
metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
FastAPIInstrumentor.instrument_app(app, excluded_urls="metrics")
app.mount("/metrics", make_asgi_app())


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/items")
def items() -> list[int]:
    return [1, 2, 3]


@app.post("/items", status_code=201)
def new() -> dict[str, int]:
    return {"id": 4}


@app.get("/items/{id}")
def item(id: int) -> dict[str, int]:
    if id > 100:
        raise HTTPException(404)
    return {"id": id}


@app.get("/fail")
def fail() -> Response:
    return Response(status_code=500)


@app.get("/slow")
async def slow() -> dict[str, str]:
    await asyncio.sleep(1.5)
    return {"status": "ok"}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
