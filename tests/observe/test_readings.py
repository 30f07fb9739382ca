"""What Prometheus has stored of its last scrape, when that scrape was answered and when it was not."""

from __future__ import annotations

import json
import socket
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest

from promproof.contract.model import load
from promproof.errors import EvidenceError
from promproof.observe.prometheus import Prometheus
from promproof.observe.readings import Readings
from promproof.places import DEFAULT_CONTRACT
from promproof.truth.counts import Reading
from tests.observe.servers import answer, serving

pytestmark = pytest.mark.unit
COUNTED = "http_requests_total"
JOB = load(DEFAULT_CONTRACT).target.job


def _samples(up: tuple[int, ...]) -> dict[str, list[tuple[float, float]]]:
    """What is stored of scrapes a second apart, the last one of them just now: by metric, (epoch seconds, value)."""
    now = round(time.time(), 3)
    stamps = [now - len(up) + number for number in range(len(up))]
    good = [stamp for stamp, healthy in zip(stamps, up, strict=True) if healthy]
    return {
        "up": list(zip(stamps, up, strict=True)),
        "scrape_duration_seconds": [(stamp, 0.01) for stamp in stamps],
        COUNTED: [(stamp, 100 * (number + 1)) for number, stamp in enumerate(good)],
    }


def _stored(up: tuple[int, ...], instances: tuple[str, ...] = ("",)) -> dict[str, float] | None:
    """The counts of the last scrape by name."""
    stored = _reading(up, instances)
    return None if stored is None else {name: value for (name, _), value in stored.values.items()}


def _reading(
    up: tuple[int, ...],
    instances: tuple[str, ...] = ("",),
    added: Mapping[str, str] | None = None,
    shown: Mapping[str, str] | None = None,
) -> Reading | None:
    """The last scrape of a Prometheus whose scrapes came every second and succeeded or not.

    instances: of the job; the empty one is at the target's address, and every other one has counted 7 more. added:
    labels that the target has there; shown: those of the series beside job and instance.
    """
    samples = _samples(up)

    def rows(name: str, asked: str, own: str) -> list[dict[str, Any]]:
        found = []
        for instance in (other or own for other in instances):
            more = 7 if name == COUNTED and instance != own else 0
            values = [[stamp, str(value + more)] for stamp, value in samples.get(name, [])]
            if values and ("instance=" not in asked or f'"{instance}"' in asked):
                labels = {"__name__": name, "job": JOB, "instance": instance, **(shown or {})}
                found.append({"metric": labels, "values": values})
        return found

    def script(client: socket.socket, request: bytes) -> None:
        text = urllib.parse.unquote_plus(request.decode())
        own = server.url.removeprefix("http://")
        data: dict[str, Any]
        if "/targets" in text.partition("\n")[0]:
            listed = [
                {
                    "labels": {"job": JOB, "instance": other or own, **(added or {})},
                    "scrapeUrl": f"http://{other or own}/metrics",
                }
                for other in instances
            ]
            data = {
                "activeTargets": [{**target, "health": "up", "scrapeInterval": "1s"} for target in listed]
            }
        else:
            name, _, asked = text.partition("query=")[2].partition("{")
            data = {"resultType": "matrix", "result": rows(name, asked.partition("}")[0], own)}
        whole = {"status": "success", "data": data}
        answer(json.dumps(whole), 200, "Content-Type: application/json")(client, request)

    with serving(script) as server:
        readings = Readings(load(DEFAULT_CONTRACT), server.url, Prometheus(server.url))
        try:
            return readings.stored()
        finally:
            readings.close()


@pytest.mark.parametrize(
    ("shown", "exposed"),
    [
        ({"env": "prod", "status": "200"}, {"status": "200"}),
        ({"env": "prod", "exported_env": "test"}, {"env": "test"}),
        ({"env": "test"}, {"env": "test"}),
        ({"method": "GET", "env": "prod", "exported_method": "PUT"}, {"method": "PUT"}),
        ({"method": "GET", "env": "prod"}, {"method": "GET"}),
    ],
    ids=["added", "set aside", "honored", "set aside from its own", "honored with the same value"],
)
def test_series_are_read_as_the_target_exposes_them(shown: dict[str, str], exposed: dict[str, str]) -> None:
    found = _reading((1, 1), added={"env": "prod", "method": "GET"}, shown=shown)
    assert found is not None
    assert [dict(labels) for name, labels in found.values if name == COUNTED] == [exposed]


@pytest.mark.parametrize(
    ("up", "counts"),
    [((1, 1), {COUNTED: 200}), ((1, 0), {COUNTED: 100}), ((1, 1, 0, 0), {COUNTED: 200}), ((0, 0), None)],
    ids=["answered", "the last one failed", "two failed", "none answered"],
)
def test_the_last_scrape_that_succeeded_is_read(up: tuple[int, ...], counts: dict[str, float] | None) -> None:
    assert _stored(up) == counts


@pytest.mark.parametrize("instances", [("b:1", ""), ("", "b:1"), ("b:1", "", "c:1")])
def test_of_several_instances_the_one_at_the_target_s_address_is_read(instances: tuple[str, ...]) -> None:
    assert _stored((1, 1), instances) == {COUNTED: 200}


def test_the_only_instance_is_read_whatever_its_address_is() -> None:
    assert _stored((1, 1), ("b:1",)) == {COUNTED: 207}


def test_several_instances_of_which_none_is_the_target_are_told() -> None:
    with pytest.raises(EvidenceError) as told:
        _stored((1, 1), ("b:1", "c:1"))
    assert f"job {JOB} has 2 instances, each with its own counts, and none is localhost:" in str(told.value)


def test_a_job_without_targets_has_nothing_stored() -> None:
    assert _stored((1, 1), ()) is None


RULES = """
scrape_configs:
  - job_name: JOB
    metric_relabel_configs:
      - {source_labels: [__name__, status], regex: "http_requests_total;500", action: drop}
      - {source_labels: [__name__], regex: http_requests_total, target_label: __name__, replacement: shop_requests}
      - {regex: pod, action: labeldrop}
"""
EXPOSED = """# TYPE http_requests_total counter
http_requests_total{status="200"} 200
http_requests_total{status="201",pod="a"} 1
http_requests_total{status="404",pod="a"} 3
http_requests_total{status="404",pod="b"} 4
http_requests_total{status="500"} 5
"""


@pytest.mark.parametrize("unnamed", [False, True])
def test_series_that_the_job_relabels_are_found_and_those_that_can_t_be_are_named(*, unnamed: bool) -> None:
    """Renamed, with a label dropped; two that have become one, and one that is dropped, are hidden.

    unnamed: the contract names no job, as a draft does: it is the one that reads the target.
    """
    now = round(time.time(), 3)
    stored: dict[str, list[tuple[dict[str, str], float]]] = {
        "up": [({}, 1)],
        "scrape_duration_seconds": [({}, 0.01)],
        "shop_requests": [({"status": "200"}, 200), ({"status": "201"}, 1), ({"status": "404"}, 3)],
    }

    def script(client: socket.socket, request: bytes) -> None:
        text = urllib.parse.unquote_plus(request.decode())
        path = text.partition(" ")[2].partition(" ")[0]
        own = {"job": JOB, "instance": server.url.removeprefix("http://")}
        data: Any
        if path.startswith("/metrics"):
            return answer(EXPOSED, 200, "Content-Type: text/plain")(client, request)
        if "/targets" in path:
            target = {"labels": own, "scrapeUrl": f"{server.url}/metrics", "scrapeInterval": "1s"}
            data = {"activeTargets": [{**target, "health": "up"}]}
        elif "/config" in path:
            data = {"yaml": RULES.replace("JOB", JOB)}
        else:
            name = text.partition("query=")[2].partition("{")[0]
            rows = [
                {"metric": {"__name__": name} | own | labels, "values": [[now, str(value)]]}
                for labels, value in stored.get(name, [])
            ]
            data = {"resultType": "matrix", "result": rows}
        return answer(json.dumps({"status": "success", "data": data}), 200, "Content-Type: application/json")(
            client, request
        )

    contract = load(DEFAULT_CONTRACT)
    if unnamed:
        contract = contract.model_copy(update={"target": contract.target.model_copy(update={"job": ""})})
    with serving(script) as server:
        readings = Readings(contract, server.url, Prometheus(server.url))
        try:
            readings.api()
            found = readings.stored()
        finally:
            readings.close()
    assert found is not None
    assert {labels: value for (name, labels), value in found.values.items() if name == COUNTED} == {
        (("status", "200"),): 200,
        (("pod", "a"), ("status", "201")): 1,
    }
    assert {labels for name, labels in found.hidden if name == COUNTED} == {
        (("pod", "a"), ("status", "404")),
        (("pod", "b"), ("status", "404")),
        (("status", "500"),),
    }
