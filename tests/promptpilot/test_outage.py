"""A database that goes away: /health says so, the totals are absent, and both come back."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promptpilot.conftest import StartApi
from tests.promptpilot.postgres import Cluster, binaries
from tests.promptpilot.support import Api, eventually

pytestmark = [pytest.mark.stack, pytest.mark.takes(5)]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of one test's own, to be broken."""
    folder = binaries()
    if folder is None:
        pytest.skip("needs PostgreSQL: no installed initdb to make a server that may be stopped")
    cluster = Cluster(folder)
    yield cluster
    cluster.remove()


def health(api: Api) -> tuple[int, str]:
    response = api.call("GET", "/health")
    return response.status_code, response.json()["database"]


def totals(api: Api) -> tuple[float | None, float | None]:
    seen = api.scrape()
    return seen.value("prompt_total"), seen.value("pipeline_total")


def test_health_tells_that_the_database_file_is_gone_and_back(start_api: StartApi, tmp_path: Path) -> None:
    api = start_api()
    api.prompt()
    assert (health(api), totals(api)) == ((200, "ok"), (1, 0))
    (tmp_path / "promptpilot.db").rename(tmp_path / "elsewhere.db")
    assert (health(api), totals(api)) == ((503, "unable to open database file"), (None, None))
    assert not (tmp_path / "promptpilot.db").exists(), "asking made a new and empty database"
    (tmp_path / "elsewhere.db").rename(tmp_path / "promptpilot.db")
    assert (health(api), totals(api)) == ((200, "ok"), (1, 0))


def test_a_stopped_server_shows_in_health_totals_and_answers_until_it_is_back(
    start_api: StartApi, cluster: Cluster
) -> None:
    api = start_api({"PROMPTPILOT_DATABASE_URL": cluster.url("postgres")})
    prompt = api.prompt()
    cluster.stop()
    status, reason = health(api)
    assert status == 503
    assert "onnection" in reason
    assert totals(api) == (None, None)
    assert api.execute(prompt).status_code == 500
    cluster.start()
    eventually(lambda: health(api), lambda seen: seen == (200, "ok"), "the API to find its database again")
    assert totals(api) == (1, 0)
    assert api.execute(prompt).status_code == 200


def test_a_silent_server_holds_up_neither_metrics_nor_the_end(start_api: StartApi, cluster: Cluster) -> None:
    api = start_api({"PROMPTPILOT_DATABASE_URL": cluster.url("postgres")})
    api.prompt()
    assert totals(api) == (1, 0)
    cluster.signal(signal.SIGSTOP)
    try:
        assert totals(api) == (None, None)
        assert health(api)[0] == 503
        assert api.stop() == 0
    finally:
        cluster.signal(signal.SIGCONT)


def test_a_silent_server_is_asked_again(start_api: StartApi, cluster: Cluster) -> None:
    api = start_api({"PROMPTPILOT_DATABASE_URL": cluster.url("postgres")})
    cluster.signal(signal.SIGSTOP)
    try:
        assert health(api)[0] == 503
    finally:
        cluster.signal(signal.SIGCONT)
    eventually(lambda: health(api), lambda seen: seen == (200, "ok"), "the API to find its database again")
