"""What survives a restart, and what the API knows about it at its start; on SQLite and PostgreSQL."""

from pathlib import Path

import pytest

from tests.promptpilot.support import Api

pytestmark = [pytest.mark.stack, pytest.mark.takes(3)]
# every day on PostgreSQL: the rows, from which all else is read
sqlite_every_day = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)], indirect=True
)


def started(folder: Path, database_url: str, limit: int) -> Api:
    environ = {"PROMPTPILOT_DATABASE_URL": database_url, "PROMPTPILOT_SERIES_LIMIT": str(limit)}
    return Api(folder, environ)


def test_rows_survive_a_restart_and_ids_do_not_come_back(database_url: str, tmp_path: Path) -> None:
    first = started(tmp_path, database_url, limit=2)
    try:
        prompts = [first.prompt() for _ in range(4)]
        pipeline = first.pipeline(prompts[0])
        first.execute(prompts[0])
        first.call("DELETE", f"/api/v1/prompts/{prompts[-1]}")
    finally:
        assert first.stop() == 0
    second = started(tmp_path, database_url, limit=2)
    try:
        seen = second.scrape()
        assert (seen.value("prompt_total"), seen.value("pipeline_total")) == (3, 1)
        known = {dict(labels)["prompt_id"] for labels in seen.labelled("prompt_executions_total")}
        assert known == {*map(str, prompts[:2]), "other"}, "the first ids have series, at 0"
        assert not any(seen.labelled("prompt_executions_total").values())
        assert seen.value("pipeline_executions_total", pipeline_id=str(pipeline), status="failed") == 0
        assert second.prompt() > prompts[-1], "the id of the deleted prompt was used again"
        second.execute(prompts[2])
        seen = second.scrape()
        assert seen.value("prompt_executions_total", prompt_id="other", status="success") == 1
    finally:
        assert second.stop() == 0


@sqlite_every_day
def test_a_freed_place_is_given_to_the_next_prompt(database_url: str, tmp_path: Path) -> None:
    api = started(tmp_path, database_url, limit=3)
    try:
        listed = api.call("GET", "/api/v1/prompts").json()["items"]
        prompts = [item["id"] for item in listed] + [api.prompt() for _ in range(5 - len(listed))]
        held = {dict(k)["prompt_id"] for k in api.scrape().labelled("prompt_executions_total")} - {"other"}
        free = next(prompt for prompt in prompts if str(prompt) in held and prompt != prompts[0])
        assert api.call("DELETE", f"/api/v1/prompts/{free}").status_code == 204
        newest = api.prompt()
        now = {dict(k)["prompt_id"] for k in api.scrape().labelled("prompt_executions_total")} - {"other"}
        assert now == held - {str(free)} | {str(newest)}
    finally:
        assert api.stop() == 0


@sqlite_every_day
def test_an_execution_that_outlives_its_prompt_is_counted(database_url: str, tmp_path: Path) -> None:
    api = started(tmp_path, database_url, limit=100)
    try:
        prompt = api.prompt()
        body = {"stream": True, "simulate": {"latency_seconds": 2.0, "chunks": 20}}
        with_stream = api.call("POST", f"/api/v1/prompts/{prompt}/execute", body, stream=True)
        pieces = with_stream.iter_content(None)
        next(pieces)
        assert api.call("DELETE", f"/api/v1/prompts/{prompt}").status_code == 204
        assert b"status: success" in b"".join(pieces)
        seen = api.at_rest()
        assert seen.value("prompt_executions_total", prompt_id="other", status="success") == 1
        assert seen.value("prompt_executions_total", prompt_id=str(prompt), status="success") is None
    finally:
        assert api.stop() == 0
