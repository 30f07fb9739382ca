"""Fault control over HTTP, and what its faults do to real requests."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.promptpilot.support import Api, eventually

pytestmark = pytest.mark.stack

KINDS = ("errors", "slow", "failed_executions", "ballast", "database")
LIST = "GET /api/v1/prompts"
EXECUTE = "POST /api/v1/prompts/{prompt_id}/execute"
PIPELINE = "POST /api/v1/pipelines/{pipeline_id}/execute"


@pytest.fixture(scope="module")
def faulty_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    api = Api(tmp_path_factory.mktemp("faulty"), faults=True)
    yield api
    assert api.stop() == 0


@pytest.fixture
def faulty(faulty_api: Api) -> Iterator[Api]:
    """An API with fault control and no fault."""
    yield faulty_api
    for kind in KINDS:
        faulty_api.fault("DELETE", f"/faults/{kind}")
    assert faulty_api.fault("GET", "/faults").json()["clean"]


def lists(api: Api, times: int, path: str = "/api/v1/prompts") -> list[requests.Response]:
    with requests.Session() as session:
        return [session.get(api.url + path, timeout=30) for _ in range(times)]


def resident_bytes(api: Api) -> int:
    return int(Path(f"/proc/{api.pid}/statm").read_text().split()[1]) * 4096


def test_fault_control_refuses_every_wrong_token(faulty: Api) -> None:
    for token in (None, "", "wrong", "letmei", "letmein2"):
        for method, path in (("GET", "/faults"), ("PUT", "/faults/errors"), ("GET", "/nowhere")):
            response = faulty.fault(method, path, {"rate": 1}, token=token)
            assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    report = faulty.fault("GET", "/faults").json()
    assert report.keys() == {"clean", "active", "ended"}
    assert (report["clean"], report["active"]) == (True, [])


def test_requests_to_fault_control_are_not_counted(faulty: Api) -> None:
    before = faulty.at_rest()
    faulty.fault("GET", "/faults")
    faulty.fault("PUT", "/faults/errors", {"rate": 0})
    assert faulty.at_rest().moved_since(before, "http_requests_total") == {}


def test_errors_are_dosed_exactly_and_counted(faulty: Api) -> None:
    started = faulty.fault("PUT", "/faults/errors", {"rate": 0.055, "routes": [LIST], "lease_seconds": 60})
    assert started.status_code == 200
    before = faulty.at_rest()
    statuses = [response.status_code for response in lists(faulty, 200)]
    assert Counter(statuses) == {200: 189, 503: 11}
    assert all(statuses[at : at + 20].count(503) in (1, 2) for at in range(180))
    other = lists(faulty, 20, "/api/v1/pipelines")
    assert {response.status_code for response in other} == {200}
    after = faulty.at_rest()
    assert (after.requests("GET", "/api/v1/prompts", 503) or 0) - (
        before.requests("GET", "/api/v1/prompts", 503) or 0
    ) == 11
    final = faulty.fault("DELETE", "/faults/errors").json()
    assert (final["seen"], final["injected"], final["ended"]) == (200, 11, "deleted")
    assert final["by_route"] == {LIST: {"seen": 200, "injected": 11}}
    assert faulty.fault("DELETE", "/faults/errors").status_code == 404
    assert faulty.fault("GET", "/faults").json()["ended"][-1] == final


def test_an_injected_response_names_its_fault_in_a_header(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/errors", {"rate": 1, "status": 502, "lease_seconds": 60})
    response = faulty.call("GET", "/api/v1/alerts")
    assert (response.status_code, response.headers["X-Fault"]) == (502, "errors")
    assert faulty.call("GET", "/health").status_code == 200, "only API routes, unless others are named"


def test_an_injected_exception_is_a_500_counted_once_and_not_logged(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/errors", {"rate": 0.5, "mode": "exception", "lease_seconds": 60})
    before = faulty.at_rest()
    answers = lists(faulty, 10)
    assert [response.status_code for response in answers] == [200, 500] * 5
    assert [response.headers.get("X-Fault") for response in answers] == [None, "errors"] * 5
    moved = faulty.at_rest().moved_since(before, "http_requests_total")
    assert {dict(labels)["status"]: value for labels, value in moved.items()} == {"200": 5, "500": 5}
    assert not any("Traceback" in line for line in faulty.log)


def test_a_slow_request_takes_its_delay_and_its_duration_says_so(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/slow", {"rate": 0.5, "delay_seconds": 0.26, "lease_seconds": 60})
    before = faulty.at_rest()
    answers = lists(faulty, 6)
    assert [response.headers.get("X-Fault") for response in answers] == [None, "slow"] * 3
    assert all(response.elapsed.total_seconds() >= 0.26 for response in answers[1::2])
    after = faulty.at_rest()
    labels = {"method": "GET", "endpoint": "/api/v1/prompts"}
    below = [
        seen.value("http_request_duration_seconds_bucket", le="0.25", **labels) or 0
        for seen in (before, after)
    ]
    assert below[1] - below[0] <= 3  # the other three cannot be below


def test_a_slow_request_can_fail_as_well(faulty: Api) -> None:
    for kind in ("slow", "errors"):
        delay = {"delay_seconds": 0.05} if kind == "slow" else {}
        faulty.fault("PUT", f"/faults/{kind}", {"rate": 1, "lease_seconds": 60, **delay})
    response = faulty.call("GET", "/api/v1/prompts")
    assert (response.status_code, response.headers["X-Fault"]) == (503, "errors, slow")
    assert response.elapsed.total_seconds() >= 0.05


def test_executions_come_out_failed_by_their_dose(faulty: Api) -> None:
    prompt = faulty.prompt()
    pipeline = faulty.pipeline(prompt, prompt, prompt)
    body = {"routes": {EXECUTE: 0.25, PIPELINE: 0.5}, "lease_seconds": 60}
    assert faulty.fault("PUT", "/faults/failed_executions", body).status_code == 200
    before = faulty.at_rest()
    answers = [faulty.execute(prompt) for _ in range(8)]
    assert [answer.json()["status"] for answer in answers] == ["success", "success", "success", "failed"] * 2
    assert [answer.headers.get("X-Fault") for answer in answers] == [
        None,
        None,
        None,
        "failed_executions",
    ] * 2
    ran = faulty.call("POST", f"/api/v1/pipelines/{pipeline}/execute").json()
    assert [step["status"] for step in ran["steps"]] == ["success", "failed"]
    assert ran["status"] == "failed"
    moved = faulty.at_rest().moved_since(before, "prompt_executions_total")
    assert {dict(labels)["status"]: value for labels, value in moved.items()} == {"success": 7, "failed": 3}
    (state,) = faulty.fault("GET", "/faults").json()["active"]
    assert state["by_route"] == {
        EXECUTE: {"seen": 8, "injected": 2},
        PIPELINE: {"seen": 2, "injected": 1},
    }


def test_requests_without_a_route_take_no_part_in_a_dose(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/errors", {"rate": 1, "lease_seconds": 60})
    assert faulty.call("GET", "/nowhere").status_code == 404
    assert faulty.call("PATCH", "/api/v1/prompts").status_code == 405
    assert faulty.call("GET", "/metrics").status_code == 200
    (state,) = faulty.fault("GET", "/faults").json()["active"]
    assert state["seen"] == 0


def test_a_fault_of_scrapes_hits_scrapes_alone_and_is_not_counted(faulty: Api) -> None:
    before = faulty.at_rest()
    body = {"rate": 1, "status": 500, "routes": ["GET /metrics"], "lease_seconds": 60}
    assert faulty.fault("PUT", "/faults/errors", body).status_code == 200
    assert faulty.call("GET", "/metrics").status_code == 500
    assert faulty.call("GET", "/api/v1/prompts").status_code == 200
    state = faulty.fault("DELETE", "/faults/errors").json()
    assert (state["seen"], state["injected"]) == (1, 1)
    moved = faulty.at_rest().moved_since(before, "http_requests_total")
    assert {dict(labels)["endpoint"] for labels in moved} == {"/api/v1/prompts"}


def test_a_fault_ends_by_itself_with_its_lease(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/errors", {"rate": 1, "lease_seconds": 0.2})
    eventually(
        lambda: faulty.call("GET", "/api/v1/prompts").status_code,
        lambda status: status == 200,
        "the fault to end by itself",
    )
    report = faulty.fault("GET", "/faults").json()
    assert (report["clean"], report["ended"][-1]["ended"]) == (True, "lease")
    assert faulty.fault("POST", "/faults/errors/renew").status_code == 404


def test_a_renewed_fault_has_its_whole_lease_again(faulty: Api) -> None:
    faulty.fault("PUT", "/faults/errors", {"rate": 1, "lease_seconds": 60})
    left = faulty.fault("GET", "/faults").json()["active"][0]["expires_in_seconds"]
    renewed = faulty.fault("POST", "/faults/errors/renew").json()
    assert left < renewed["expires_in_seconds"] <= 60


def test_a_ballast_is_resident_memory_until_it_is_released(faulty: Api) -> None:
    size = 80_000_000
    slack = 2_000_000  # the kernel sums up resident pages in batches, per CPU; the API's own memory moves too
    before = resident_bytes(faulty)
    assert faulty.fault("PUT", "/faults/ballast", {"bytes": size, "lease_seconds": 60}).status_code == 200
    assert resident_bytes(faulty) - before >= size - slack
    held = faulty.scrape().value("process_resident_memory_bytes")
    assert held is not None
    assert held >= before + size - slack
    faulty.fault("PUT", "/faults/ballast", {"bytes": size // 2, "lease_seconds": 60})
    assert size // 2 - slack <= resident_bytes(faulty) - before < size - slack
    faulty.fault("DELETE", "/faults/ballast")
    assert resident_bytes(faulty) - before < size // 4


def test_a_ballast_ends_with_its_lease(faulty: Api) -> None:
    before = resident_bytes(faulty)
    faulty.fault("PUT", "/faults/ballast", {"bytes": 80_000_000, "lease_seconds": 0.3})
    eventually(
        lambda: resident_bytes(faulty) - before, lambda more: more < 20_000_000, "the memory to come back"
    )


def test_an_outage_of_the_database_shows_in_health_and_metrics_and_ends(faulty: Api) -> None:
    before = faulty.scrape().value("prompt_total")
    assert faulty.fault("PUT", "/faults/database", {"lease_seconds": 60}).json()["routes"] is None
    assert requests.get(f"{faulty.url}/health", timeout=30).status_code == 503
    assert lists(faulty, 1)[0].status_code == 500
    during = faulty.scrape()
    assert (during.value("prompt_total"), before is None) == (None, False)
    assert faulty.fault("DELETE", "/faults/database").status_code == 200
    assert requests.get(f"{faulty.url}/health", timeout=30).status_code == 200
    assert faulty.scrape().value("prompt_total") == before
    faulty.fault("PUT", "/faults/database", {"lease_seconds": 0.1})
    eventually(lambda: lists(faulty, 1)[0].status_code, lambda status: status == 200, "the lease to end it")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults/errors", {"rate": 2}),
        ("/faults/errors", {"rate": 1, "routes": ["GET /nowhere"]}),
        ("/faults/meteorite", {"rate": 1}),
        ("/faults/errors", [1]),
        ("/faults/errors", {"rate": float("nan")}),
    ],
)
def test_an_impossible_fault_is_a_422_and_starts_nothing(faulty: Api, path: str, body: object) -> None:
    response = faulty.fault("PUT", path, body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["msg"]
    assert faulty.fault("GET", "/faults").json()["clean"]
