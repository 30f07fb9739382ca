"""The API over HTTP, the same on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.promptpilot.support import Api

pytestmark = pytest.mark.stack

PROMPTS, PIPELINES = "/api/v1/prompts", "/api/v1/pipelines"
NOTIFICATION: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="HighErrorRate"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "webhook",
    "groupLabels": {"alertname": "HighErrorRate"},
    "commonLabels": {"alertname": "HighErrorRate"},
    "commonAnnotations": {},
    "externalURL": "http://127.0.0.1:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighErrorRate", "severity": "critical"},
            "annotations": {"summary": "High error rate"},
            "startsAt": "2026-01-02T03:04:05.678Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://127.0.0.1:9090/graph",
            "fingerprint": "0123456789abcdef",
        }
    ],
}


def test_a_prompt_is_created_read_changed_listed_and_deleted(api: Api) -> None:
    created = api.call("POST", PROMPTS, {"name": "first", "template": "Hello {who}"})
    assert created.status_code == 201
    prompt = created.json()
    assert prompt.keys() == {"id", "name", "template", "created_at"}
    assert prompt["created_at"].endswith("Z")
    path = f"{PROMPTS}/{prompt['id']}"
    assert api.call("GET", path).json() == prompt
    changed = api.call("PUT", path, {"name": "second", "template": "Bye"})
    assert (changed.status_code, changed.json()) == (200, prompt | {"name": "second", "template": "Bye"})
    assert changed.json() in api.call("GET", PROMPTS, params={"limit": 200}).json()["items"]
    deleted = api.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", {"name": "x", "template": "x"}), ("DELETE", None)):
        assert api.call(method, path, body).status_code == 404
    assert api.execute(prompt["id"]).status_code == 404


def test_a_pipeline_is_created_read_changed_listed_and_deleted(api: Api) -> None:
    one, two = api.prompt(), api.prompt()
    created = api.call("POST", PIPELINES, {"name": "first", "prompt_ids": [two, one, two]})
    assert created.status_code == 201
    pipeline = created.json()
    assert (pipeline["name"], pipeline["prompt_ids"]) == ("first", [two, one, two])
    path = f"{PIPELINES}/{pipeline['id']}"
    assert api.call("GET", path).json() == pipeline
    changed = api.call("PUT", path, {"name": "second", "prompt_ids": [one]})
    assert (changed.status_code, changed.json()) == (200, pipeline | {"name": "second", "prompt_ids": [one]})
    assert changed.json() in api.call("GET", PIPELINES, params={"limit": 200}).json()["items"]
    assert api.call("DELETE", path).status_code == 204
    for method, body in (("GET", None), ("PUT", {"name": "x", "prompt_ids": [one]}), ("DELETE", None)):
        assert api.call(method, path, body).status_code == 404
    assert api.call("POST", f"{path}/execute").status_code == 404


def test_pages_together_hold_each_item_once(api: Api) -> None:
    for _ in range(3):
        api.prompt()
    whole = api.call("GET", PROMPTS, params={"limit": 200}).json()
    assert whole["total"] == len(whole["items"])
    pages = [
        api.call("GET", PROMPTS, params={"limit": 1, "offset": at}).json() for at in range(whole["total"])
    ]
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert {page["total"] for page in pages} == {whole["total"]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{PROMPTS}?limit=0", None),
        ("GET", f"{PROMPTS}?limit=201", None),
        ("GET", f"{PROMPTS}?limit=x", None),
        ("GET", f"{PROMPTS}?offset=-1", None),
        ("GET", f"{PROMPTS}?offset=99999999999999999999", None),
        ("GET", f"{PIPELINES}?limit=0", None),
        ("GET", "/api/v1/alerts?limit=0", None),
        ("GET", f"{PROMPTS}/one", None),
        ("DELETE", f"{PIPELINES}/1.5", None),
        ("POST", PROMPTS, None),
        ("POST", PROMPTS, {"name": "x"}),
        ("POST", PROMPTS, {"name": "", "template": "x"}),
        ("POST", PROMPTS, {"name": "x" * 201, "template": "x"}),
        ("POST", PROMPTS, {"name": "a\0b", "template": "x"}),
        ("POST", PROMPTS, {"name": "x", "template": "x", "extra": 1}),
        ("POST", PROMPTS, {"name": "half a pair: \ud800", "template": "x"}),
        ("POST", PROMPTS, {"name": float("nan"), "template": "x"}),
        ("POST", PIPELINES, {"name": "x", "prompt_ids": []}),
        ("POST", PIPELINES, {"name": "x", "prompt_ids": [987654321]}),
        ("POST", PIPELINES, {"name": "x", "prompt_ids": [2**70]}),
        ("POST", f"{PROMPTS}/1/execute", {"simulate": {"outcome": "maybe"}}),
        ("POST", f"{PROMPTS}/1/execute", {"simulate": {"latency": 1}}),
        ("POST", f"{PROMPTS}/1/execute", {"simulate": {"latency_seconds": -1}}),
        ("POST", f"{PROMPTS}/1/execute", {"simulate": {"chunks": 0}}),
        ("POST", f"{PIPELINES}/1/execute", {"stream": True}),
        ("POST", "/api/v1/alerts", NOTIFICATION | {"version": "3"}),
        ("POST", "/api/v1/alerts", NOTIFICATION | {"alerts": [{"status": "firing"}]}),
    ],
)
def test_bad_input_is_a_422(api: Api, method: str, path: str, body: object) -> None:
    response = api.call(method, path, body)
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0].keys() == {"type", "loc", "msg"}


@pytest.mark.parametrize("identity", ["0", "-1", "987654321", str(2**63), str(2**200)])
def test_an_impossible_id_is_a_404(api: Api, identity: str) -> None:
    assert api.call("GET", f"{PROMPTS}/{identity}").status_code == 404
    assert api.call("DELETE", f"{PIPELINES}/{identity}").status_code == 404
    assert api.call("POST", f"{PIPELINES}/{identity}/execute").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/api/v1/prompts/"), ("GET", "/docs")]
)
def test_an_undocumented_path_is_a_404_counted_as_unmatched(api: Api, method: str, path: str) -> None:
    before = api.at_rest()
    assert api.call(method, path, allow_redirects=False).status_code == 404
    moved = api.at_rest().moved_since(before, "http_requests_total")
    assert moved == {frozenset({("method", "GET"), ("endpoint", "unmatched"), ("status", "404")}): 1}


def test_a_wrong_method_is_a_405_counted_under_its_route(api: Api) -> None:
    before = api.at_rest()
    assert api.call("PATCH", f"{PROMPTS}/17").status_code == 405
    assert api.call("PROPFIND", f"{PROMPTS}/17").status_code == 405
    moved = api.at_rest().moved_since(before, "http_requests_total")
    endpoint = ("endpoint", "/api/v1/prompts/{prompt_id}")
    assert moved == {
        frozenset({("method", "PATCH"), endpoint, ("status", "405")}): 1,
        frozenset({("method", "OTHER"), endpoint, ("status", "405")}): 1,
    }


def test_a_thousand_unknown_paths_share_one_series(api: Api) -> None:
    before = api.at_rest()
    with requests.Session() as session:
        for number in range(1000):
            session.get(f"{api.url}/unknown/{number}", timeout=10)
    after = api.at_rest()
    assert len(after.samples) - len(before.samples) <= 18  # one counter, one gauge, one histogram
    assert sum(after.moved_since(before, "http_requests_total").values()) == 1000


def test_a_prompt_in_use_cannot_be_deleted(api: Api) -> None:
    prompt = api.prompt()
    pipeline = api.pipeline(prompt)
    refused = api.call("DELETE", f"{PROMPTS}/{prompt}")
    assert refused.status_code == 409
    assert "used by a pipeline" in refused.json()["detail"]
    api.call("DELETE", f"{PIPELINES}/{pipeline}")
    assert api.call("DELETE", f"{PROMPTS}/{prompt}").status_code == 204


def test_a_prompt_with_executions_can_be_deleted(api: Api) -> None:
    prompt = api.prompt()
    pipeline = api.pipeline(prompt)
    assert api.execute(prompt).status_code == 200
    assert api.call("POST", f"{PIPELINES}/{pipeline}/execute").status_code == 200
    assert api.call("DELETE", f"{PIPELINES}/{pipeline}").status_code == 204
    assert api.call("DELETE", f"{PROMPTS}/{prompt}").status_code == 204


def test_an_execution_with_retries_has_the_documented_fields_and_counts_once(api: Api) -> None:
    prompt = api.prompt("Hello {who}")
    before = api.at_rest()
    answer = api.execute(prompt, inputs={"who": "Ada"}, simulate={"fail_attempts": 2}).json()
    identity, seconds = answer.pop("id"), answer.pop("duration_seconds")
    assert answer == {
        "prompt_id": prompt,
        "status": "success",
        "output": "Hello Ada",
        "attempts": 3,
        "cost_usd": 0.002,
    }
    assert identity > 0
    assert seconds >= 0
    failed = api.execute(prompt, simulate={"outcome": "failed"})
    assert (failed.status_code, failed.json()["status"]) == (200, "failed")
    assert api.execute(prompt, simulate={"outcome": "crash"}).status_code == 500
    moved = api.at_rest().moved_since(before, "prompt_executions_total")
    labels = ("prompt_id", str(prompt))
    assert moved == {
        frozenset({labels, ("status", "success")}): 1,
        frozenset({labels, ("status", "failed")}): 2,
    }


def test_the_steps_of_a_pipeline_count_for_their_prompts(api: Api) -> None:
    one, two = api.prompt(), api.prompt()
    pipeline = api.pipeline(one, two, one)
    before = api.at_rest()
    whole = api.call("POST", f"{PIPELINES}/{pipeline}/execute").json()
    assert (whole["status"], whole["pipeline_id"], whole["cost_usd"]) == ("success", pipeline, 0.006)
    assert whole["steps"] == [{"prompt_id": p, "status": "success"} for p in (one, two, one)]
    body = {"simulate": {"outcome": "failed"}}
    assert api.call("POST", f"{PIPELINES}/{pipeline}/execute", body).json()["status"] == "failed"
    body = {"simulate": {"outcome": "crash"}}
    assert api.call("POST", f"{PIPELINES}/{pipeline}/execute", body).status_code == 500
    after = api.at_rest()
    assert after.moved_since(before, "prompt_executions_total") == {
        frozenset({("prompt_id", str(one)), ("status", "success")}): 4,
        frozenset({("prompt_id", str(one)), ("status", "failed")}): 2,
        frozenset({("prompt_id", str(two)), ("status", "success")}): 3,
    }
    assert after.moved_since(before, "pipeline_executions_total") == {
        frozenset({("pipeline_id", str(pipeline)), ("status", "success")}): 1,
        frozenset({("pipeline_id", str(pipeline)), ("status", "failed")}): 2,
    }


def test_a_stream_arrives_whole_and_a_broken_one_is_cut_off(api: Api) -> None:
    prompt = api.prompt()
    before = api.at_rest()
    whole = api.execute(prompt, stream=True, simulate={"chunks": 4})
    assert (whole.status_code, whole.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert whole.text.count("/4 ") == 4
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.execute(prompt, stream=True, simulate={"outcome": "crash"})
    after = api.at_rest()
    endpoint = "/api/v1/prompts/{prompt_id}/execute"
    assert after.moved_since(before, "http_requests_total") == {
        frozenset({("method", "POST"), ("endpoint", endpoint), ("status", "200")}): 1,
        frozenset({("method", "POST"), ("endpoint", endpoint), ("status", "500")}): 1,
    }
    assert sum(after.moved_since(before, "prompt_executions_total").values()) == 2


def test_notifications_are_kept_and_listed_newest_first(api: Api) -> None:
    assert api.call("POST", "/api/v1/alerts", NOTIFICATION).json() == {"stored": 1}
    ended = NOTIFICATION["alerts"][0] | {"status": "resolved", "endsAt": "2026-01-02T04:00:00+01:00"}
    assert api.call("POST", "/api/v1/alerts", NOTIFICATION | {"alerts": [ended] * 2}).json() == {"stored": 2}
    assert api.call("POST", "/api/v1/alerts", NOTIFICATION | {"alerts": []}).json() == {"stored": 0}
    listed = api.call("GET", "/api/v1/alerts", params={"limit": 3}).json()
    assert listed["total"] >= 3
    assert [alert["status"] for alert in listed["items"]] == ["resolved", "resolved", "firing"]
    resolved, firing = listed["items"][0], listed["items"][2]
    assert firing["labels"] == {"alertname": "HighErrorRate", "severity": "critical"}
    assert (firing["starts_at"], firing["ends_at"]) == ("2026-01-02T03:04:05.678000Z", None)
    assert resolved["ends_at"] == "2026-01-02T03:00:00Z"


def test_totals_are_the_rows_of_the_database(api: Api) -> None:
    before = api.scrape()
    prompts = [api.prompt() for _ in range(3)]
    api.pipeline(prompts[0])
    api.call("DELETE", f"{PROMPTS}/{prompts[1]}")
    after = api.scrape()
    for name, more in (("prompt_total", 2), ("pipeline_total", 1)):
        assert after.value(name) == (before.value(name) or 0) + more


def test_each_request_under_load_is_counted_once(api: Api) -> None:
    prompt = api.prompt()
    before = api.at_rest()

    def work(number: int) -> None:
        with requests.Session() as session:
            for turn in range(20):
                body = {"simulate": {"outcome": ("success", "failed", "crash")[turn % 3]}}
                session.post(f"{api.url}{PROMPTS}/{prompt}/execute", json=body, timeout=30)
                session.get(f"{api.url}{PROMPTS}/{number}", timeout=30)
                session.post(f"{api.url}{PROMPTS}", json={"name": "x", "template": "y"}, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(10_000, 10_008)))
    after = api.at_rest()
    by_status: dict[str, float] = {}
    for labels, value in after.moved_since(before, "http_requests_total").items():
        status = dict(labels)["status"]
        by_status[status] = by_status.get(status, 0) + value
    assert by_status == {"200": 8 * 14, "500": 8 * 6, "404": 8 * 20, "201": 8 * 20}
    executions = after.moved_since(before, "prompt_executions_total")
    label = ("prompt_id", str(prompt))
    assert executions == {
        frozenset({label, ("status", "success")}): 8 * 7,
        frozenset({label, ("status", "failed")}): 8 * 13,
    }
