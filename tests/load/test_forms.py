"""The start form of the web UI: refused with a reason, or answered when nothing else sends any more."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from promproof.load.webui import look_at_forms

pytestmark = pytest.mark.unit
SCENARIO = Path(__file__).parents[2] / "scenarios" / "steady.yaml"
OPTIONS = Namespace(
    web_base_path="",
    web_login=False,
    host="http://127.0.0.1:1",
    scenario=str(SCENARIO),
    scenario_text="",
    stretch="",
    rate="",
    duration="",
    max_requests="",
    closed_users="",
)


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
def form(happened: list[str]) -> FlaskClient:
    app = Flask("ui")
    environment = SimpleNamespace(parsed_options=OPTIONS, host=OPTIONS.host, web_ui=SimpleNamespace(app=app))
    look_at_forms(environment)
    environment.before_start.append(lambda: happened.append("the drill has ended"))

    @app.post("/swarm")
    def swarm() -> Mapping[str, object]:
        happened.append("Locust starts")
        return {"success": True}

    return app.test_client()


def test_what_may_not_go_on_beside_a_run_has_ended_before_it_starts(
    form: FlaskClient, happened: list[str]
) -> None:
    # Locust's page, told that the run starts, looks once, and stays at its form when it has not
    answer = form.post("/swarm", data={"rate": "5"})
    assert answer.get_json() == {"success": True}
    assert happened == ["the drill has ended", "Locust starts"]


def test_a_form_that_cannot_be_played_ends_nothing(form: FlaskClient, happened: list[str]) -> None:
    answer = form.post("/swarm", data={"rate": "many"})
    assert answer.get_json()["success"] is False
    assert "--rate" in answer.get_json()["message"]
    assert happened == []
