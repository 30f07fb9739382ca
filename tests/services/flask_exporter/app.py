"""A shop with prometheus_flask_exporter, as its README has it."""

import sys
import time

from flask import Flask, Response, jsonify
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.serving import WSGIRequestHandler

app = Flask(__name__)
metrics = PrometheusMetrics(app)
metrics.info("shop_info", "Shop", version="1.0.3")
WSGIRequestHandler.protocol_version = "HTTP/1.1"


@app.get("/health")
def health() -> Response:
    return jsonify(status="ok")


@app.get("/items")
def items() -> Response:
    return jsonify([1, 2, 3])


@app.post("/items")
def new() -> tuple[Response, int]:
    return jsonify(id=4), 201


@app.get("/items/<int:id>")
def item(id: int) -> tuple[Response, int]:
    return jsonify(id=id), 404 if id > 100 else 200


@app.get("/fail")
def fail() -> tuple[Response, int]:
    return jsonify(status="fail"), 500


@app.get("/slow")
def slow() -> Response:
    time.sleep(1.5)
    return jsonify(status="ok")


app.run(port=int(sys.argv[1]), threaded=True)
