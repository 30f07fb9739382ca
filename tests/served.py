"""A Prometheus of a few lines that has what a text exposes, for stories of `promproof check --prometheus URL`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from promproof.exposition import parse
from tests.observe.servers import answer, serving

CONFIGURATION = "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: api}]\n"


@contextmanager
def prometheus(exposed: str) -> Iterator[str]:
    """Its URL. exposed: the series that it has, with their types, in the text format."""
    known = parse(exposed)
    samples = [{"__name__": name, **dict(labels)} for name, labels in known.values]
    data: dict[str, Any] = {
        "/api/v1/status/buildinfo": {"version": "3.5.0"},
        "/api/v1/status/config": {"yaml": CONFIGURATION},
        "/api/v1/status/flags": {},
        "/api/v1/rules": {"groups": []},
        "/api/v1/label/__name__/values": sorted({sample["__name__"] for sample in samples}),
        "/api/v1/metadata": {
            name: [{"type": family.type, "help": "", "unit": ""}] for name, family in known.families.items()
        },
        "/api/v1/targets": {"activeTargets": [{"health": "up"}]},
    }

    def script(client: socket.socket, request: bytes) -> None:
        address = urlsplit(request.split(b" ")[1].decode())
        wanted = parse_qs(address.query).get("match[]", [""])[0]
        series = [sample for sample in samples if sample["__name__"] == wanted]
        found = series if address.path == "/api/v1/series" else data[address.path]
        answer(json.dumps({"status": "success", "data": found}))(client, request)

    with serving(script) as server:
        yield server.url
