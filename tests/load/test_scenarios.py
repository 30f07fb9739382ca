"""Scenario files: what is shipped is right, and every mistake is told with file, line, key and what was expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promproof.contract.model import load as load_contract
from promproof.errors import InputError
from promproof.load.arrival.open import Open
from promproof.load.scenario import json_schema, load, override, resolve, stretched
from promproof.places import DEFAULT_MONITORING, SCENARIOS

pytestmark = pytest.mark.unit
GOOD = """scenario: 1
name: good
pools:
  things:
    count: 2
    create: {request: POST /things, expect: [201], save: {id: id}}
mix:
  - name: list
    draw: [things]
    steps:
      - {request: "GET /things/{id}"}
arrival: {model: open, rate: 10/s}
duration: 1s
"""


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_shipped_scenario_loads_under_its_name(path: Path) -> None:
    assert load(path).name == path.stem


def test_the_schema_for_editors_is_that_of_the_code() -> None:
    assert json.loads((SCENARIOS / "scenario.schema.json").read_text()) == json_schema()


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("rate: 10/s", "rate: fast", 12, "rate"),
        ("rate: 10/s", "rate: 0/s", 12, "rate"),
        ("draw: [things]", "draw: [thingz]", 9, "thingz"),
        ('{request: "GET /things/{id}"}', '{request: "GET /things/{number}"}', 11, "number"),
        ('{request: "GET /things/{id}"}', '{request: "GET /things/{id}", leave: after-send}', 11, "status"),
        ('{request: "GET /things/{id}"}', "{request: things}", 11, "request"),
        ("name: list", "nam: list", 8, "nam"),
        ("name: good", "name: good\nname: again", 3, "name"),
        ("duration: 1s", "duration: soon", 13, "duration"),
    ],
)
def test_a_mistake_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, words: str
) -> None:
    assert before in GOOD
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    assert f"{path}:{line}" in str(caught.value)
    assert words in str(caught.value)


STEP = '{request: "GET /things/{id}"}'
"""the step of GOOD, in line 11"""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "rate: 10/s",
            "rate: fast",
            "12: arrival.rate: expected a rate above 0 such as 130/s or 30/m, found 'fast'",
        ),
        (
            "duration: 1s",
            "duration: soon",
            "13: duration: expected a duration such as 300ms, 1.5s, 2m or 1h, found 'soon'",
        ),
        ("duration: 1s", "duration: 0s", "13: duration: found 0, expected more than 0"),
        (
            "duration: 1s\n",
            "",
            "1: duration: missing, expected duration or max_requests, so that the run ends by itself",
        ),
        ("count: 2", "count: two", "5: pools.things.count: Input should be a valid integer, found 'two'"),
        ("name: list", "name: list\n    weight: 0", "7: mix: the weights add up to 0, expected one above 0"),
        (
            "arrival: {model: open, rate: 10/s}\n",
            "",
            "1: arrival: missing, expected how the sessions of the mix arrive",
        ),
        (
            STEP,
            '{request: "GET /things/{number}"}',
            "11: mix.0.steps.0.request: unknown variable 'number', expected one of: id, n",
        ),
        (
            STEP,
            '{request: "GET /things/{n}"}',
            "11: mix.0.steps.0.endpoint: missing: '/things/{n}' is no route template, expected the endpoint as the "
            "target labels it",
        ),
        (
            STEP,
            '{request: "GET /{id", endpoint: x}',
            "11: mix.0.steps.0.request: a lone { in '/{id'; write {{ for the character itself",
        ),
        (
            STEP,
            '{request: "GET /{things.id:3}", endpoint: x}',
            "11: mix.0.steps.0.request: 3 different items of pool things, expected at most 2",
        ),
        (
            STEP,
            '{request: "GET /things\\n"}',
            "11: mix.0.steps.0.request: expected a method and a path without a query, such as GET /api/v1/prompts, "
            "found 'GET /things\\n'",
        ),
        (
            STEP,
            "{request: GET /, leave: after-send}",
            "11: mix.0.steps.0.status: missing, expected the status that the target counts with leave: after-send",
        ),
        (
            STEP,
            "{request: GET /, leave: half-header, status: 200}",
            "11: mix.0.steps.0.leave: found half-header with status, tally or floor, expected none: the target counts "
            "nothing",
        ),
        (
            STEP,
            "{request: POST /, leave: half-body, text: ab}",
            "11: mix.0.steps.0.status: missing, expected the status that the target counts with leave: half-body",
        ),
        (
            STEP,
            "{request: POST /, leave: half-body, status: 499}",
            "11: mix.0.steps.0.leave: found half-body without a body, expected one under json or text",
        ),
        (
            STEP,
            "{request: POST /, leave: half-body, status: 499, text: ab, floor: 1s}",
            "11: mix.0.steps.0.leave: found half-body with tally or floor, expected none: "
            "the target never has it whole",
        ),
        (
            STEP,
            "{request: POST /, chunked: true}",
            "11: mix.0.steps.0.chunked: found true, expected a whole body under json or text, and HTTP/1.1",
        ),
        (
            STEP,
            "{request: POST /, text: ab, chunked: true, http: '1.0'}",
            "11: mix.0.steps.0.chunked: found true, expected a whole body under json or text, and HTTP/1.1",
        ),
        (
            STEP,
            "{request: POST /, body_after: 1s}",
            "11: mix.0.steps.0.body_after: found without a body, expected one under json or text",
        ),
        (
            STEP,
            "{request: POST /, text: ab, body_after: 1s, broken: 500}",
            "11: mix.0.steps.0.body_after: found with leave or broken, expected a request with a whole answer",
        ),
        (
            STEP,
            "{request: POST /, text: ab, json: {}}",
            "11: mix.0.steps.0.text: found together with json, expected one of them",
        ),
        (
            STEP,
            "{request: GET /, user: a, anonymous: true}",
            "11: mix.0.steps.0.user: found together with anonymous, expected one of them",
        ),
        (
            STEP,
            "{request: GET /, user: '{nobody}'}",
            "11: mix.0.steps.0.user: unknown variable 'nobody', expected one of: id, n",
        ),
        (
            STEP,
            "{request: GET /, status: 200}",
            "11: mix.0.steps.0.status: found 200 without leave, expected the status under expect",
        ),
        (
            STEP,
            "{request: GET /, broken: 500, save: {a: b}}",
            "11: mix.0.steps.0.save: found with a request that gets no whole answer, expected none",
        ),
        (
            STEP,
            "{request: GET /, counted: false, tally: [{name: x}]}",
            "11: mix.0.steps.0.counted: found false with tally or leave, expected none of them",
        ),
        (
            STEP,
            '{request: GET /, tally: [{name: x, labels: {a: "@.id"}}]}',
            "11: mix.0.steps.0.tally.0.labels.a: found '@.id' without each, expected a list under each "
            "whose items have the field",
        ),
        (
            "draw: [things]",
            "draw: [thingz]",
            "9: mix.0.draw.0: unknown pool 'thingz', expected one of: things\n"
            "FILE:11: mix.0.steps.0.request: unknown variable 'id', expected one of: n",
        ),
    ],
)
def test_a_mistake_is_reported_with_line_key_and_what_was_expected(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).replace(str(path), "FILE") == (
        f"FILE:{message}\n  expected: a scenario\n  to do: correct the key; the field names are in the documentation"
    )


def test_a_scenario_that_is_no_file_or_no_yaml_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1", encoding="utf-8")
    with pytest.raises(InputError, match="not YAML"):
        load(tmp_path / "broken.yaml")


def test_options_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD, encoding="utf-8")
    changed = override(load(path), 50.0, 3.0)
    assert isinstance(changed.arrival, Open)
    assert (changed.arrival.rate, changed.duration) == (50.0, 3.0)


def test_a_rate_for_a_scenario_that_has_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(GOOD.replace("model: open, rate: 10/s", "model: closed, users: 2"), encoding="utf-8")
    with pytest.raises(InputError, match="arrival model closed has no rate"):
        override(load(path), rate=5.0)


def test_a_name_that_is_no_scenario_is_refused_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "calm.yaml").touch()
    assert resolve("calm", tmp_path) == tmp_path / "calm.yaml"
    with pytest.raises(InputError) as caught:
        resolve("storm", tmp_path)
    assert str(caught.value) == (
        "storm: no such scenario\n  expected: the path of a file, or one of: calm, root\n  to do: check the name"
    )


def test_rare_scrapes_stretch_a_scenario_and_its_parked_executions() -> None:
    shipped = load(SCENARIOS / "reconcile.yaml")
    longer = stretched(shipped, 24.5)
    assert shipped.seconds is not None
    assert longer.seconds == 24.5 * shipped.seconds
    times = {
        item.name: (item.times, changed.times)
        for item, changed in zip(shipped.once, longer.once, strict=True)
    }
    assert times.pop("parked executions") == (8, 196)
    assert all(before == after for before, after in times.values())


def test_a_request_of_the_main_job_outlasts_every_bucket_that_the_contract_promises() -> None:
    buckets = (
        load_contract(DEFAULT_MONITORING / "contract.yaml").metric("http_request_duration_seconds").buckets
    )
    assert buckets is not None
    scenario = load(SCENARIOS / "reconcile.yaml")
    longest = max(request.body_after for request in scenario.requests())
    assert longest > max(buckets), "only +Inf tells a duration from one that was cut at the last edge"
