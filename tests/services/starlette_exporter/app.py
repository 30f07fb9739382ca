"""A shop with starlette_exporter, as its README has it."""

import asyncio
import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from starlette_exporter import PrometheusMiddleware, handle_metrics

app = FastAPI()
app.add_middleware(PrometheusMiddleware)
app.add_route("/metrics", handle_metrics)


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
