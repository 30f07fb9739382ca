"""Clients that leave: whatever they do, a request that was sent whole counts by what it produced."""

from collections.abc import Iterator

import pytest
import requests

from tests.promptpilot.conftest import StartApi
from tests.promptpilot.support import Api, Exposition, eventually, raw_request, send_and_leave

pytestmark = [pytest.mark.stack, pytest.mark.takes(1)]

TIMES = 25
LIST, CREATE = "/api/v1/prompts", "/api/v1/prompts"
EXECUTE = "/api/v1/prompts/{prompt_id}/execute"


def execute(**body: object) -> bytes:
    return raw_request("POST", "/api/v1/prompts/1/execute", body)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for the tests that leave it as it was, with prompt 1."""
    api = Api(tmp_path_factory.mktemp("kept"))
    assert api.prompt() == 1
    yield api
    assert api.stop() == 0


def counted(api: Api, before: Exposition, requests_expected: int) -> dict[tuple[str, str], float]:
    """(endpoint, status): requests, once as many as expected have ended."""

    def moved() -> dict[tuple[str, str], float]:
        moved = api.scrape().moved_since(before, "http_requests_total")
        return {(dict(k)["endpoint"], dict(k)["status"]): v for k, v in moved.items()}

    eventually(moved, lambda seen: sum(seen.values()) >= requests_expected, f"{requests_expected} requests")
    api.at_rest()
    return moved()


@pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
@pytest.mark.parametrize(
    ("request_bytes", "endpoint", "status"),
    [
        (raw_request("GET", LIST), LIST, "200"),
        (raw_request("POST", CREATE, {"name": "x", "template": "y" * 9000}), CREATE, "201"),
        (raw_request("GET", "/api/v1/prompts/77"), "/api/v1/prompts/{prompt_id}", "404"),
        (execute(), EXECUTE, "200"),
        (execute(simulate={"latency_seconds": 0.05}), EXECUTE, "200"),
        (execute(simulate={"outcome": "crash"}), EXECUTE, "500"),
        (execute(stream=True, simulate={"latency_seconds": 0.05}), EXECUTE, "200"),
        (execute(stream=True, simulate={"latency_seconds": 0.05, "outcome": "crash"}), EXECUTE, "500"),
    ],
    ids=["list", "create", "unknown", "execute", "slow", "crash", "stream", "broken stream"],
)
def test_a_client_that_leaves_at_once_changes_nothing_that_is_counted(
    kept: Api, request_bytes: bytes, endpoint: str, status: str, reset: bool
) -> None:
    before = kept.at_rest()
    for _ in range(TIMES):
        send_and_leave(kept.port, request_bytes, reset=reset)
    assert counted(kept, before, TIMES) == {(endpoint, status): TIMES}
    executions = sum(kept.scrape().moved_since(before, "prompt_executions_total").values())
    assert executions == (TIMES if endpoint == EXECUTE else 0)


def test_half_a_header_is_not_counted_and_half_a_body_is_a_499(kept: Api) -> None:
    before = kept.at_rest()
    for _ in range(TIMES):
        send_and_leave(kept.port, b"GET /api/v1/prompts HTTP/1.1\r\nHo", reset=False)
        send_and_leave(kept.port, execute(inputs={"who": "Ada"})[:-3], reset=False)
    assert counted(kept, before, TIMES) == {(EXECUTE, "499"): TIMES}
    assert kept.scrape().moved_since(before, "prompt_executions_total") == {}


def slowed_and_left(api: Api) -> dict[tuple[str, str], float]:
    api.prompt()
    assert api.fault("PUT", "/faults/slow", {"rate": 1, "delay_seconds": 0.2, "lease_seconds": 60}).ok
    before = api.at_rest()
    for _ in range(TIMES):
        send_and_leave(api.port, execute(), reset=False)
    return counted(api, before, TIMES)


def test_a_body_is_kept_while_its_request_waits(start_api: StartApi) -> None:
    assert slowed_and_left(start_api(faults=True)) == {(EXECUTE, "200"): TIMES}


def test_without_the_early_reading_a_left_body_counts_as_a_400(start_api: StartApi) -> None:
    """The twin: without the early reading of bodies the same clients change what is counted."""
    broken = """
import sys
import promptpilot.app as app
app.WholeRequest = lambda inner: inner
from promptpilot.__main__ import main
sys.exit(main())
"""
    assert slowed_and_left(start_api(faults=True, code=broken)) == {(EXECUTE, "400"): TIMES}


def test_requests_of_clients_that_left_stay_in_progress_until_they_end(kept: Api) -> None:
    path, before = {"method": "POST", "endpoint": EXECUTE}, kept.at_rest()
    for _ in range(4):
        send_and_leave(kept.port, execute(simulate={"latency_seconds": 2.0}), reset=False)
    for _ in range(3):
        send_and_leave(kept.port, execute(stream=True, simulate={"latency_seconds": 2.0}), reset=True)
    eventually(
        lambda: kept.scrape().value("http_requests_in_progress", **path),
        lambda n: n == 7,
        "7 requests in progress",
    )
    moved = kept.at_rest().moved_since(before, "http_requests_total")
    assert moved == {frozenset({**path, "status": "200"}.items()): 7}


def test_a_crash_keeps_the_connection_of_its_client(kept: Api) -> None:
    with requests.Session() as session:
        for _ in range(20):
            crash = {"simulate": {"outcome": "crash"}}
            assert (
                session.post(f"{kept.url}/api/v1/prompts/1/execute", json=crash, timeout=30).status_code
                == 500
            )
        adapter = session.get_adapter(kept.url)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        (pool,) = map(adapter.poolmanager.pools.get, adapter.poolmanager.pools.keys())
        assert pool.num_connections == 1
