"""Placeholders, the dealing of the mix, the drawing from pools: decided by the seed, exact in every stretch."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.load.models import Scenario
from promproof.load.plan import Item, Plan, Visit, deal, field
from promproof.load.template import compile_body, parse

pytestmark = pytest.mark.unit
ITEMS: dict[str, list[Item]] = {"things": [{"id": n} for n in range(1, 6)]}


@pytest.fixture
def visit() -> Visit:
    visit = Visit(7, "user-1", ITEMS, seed=1)
    visit.update({"id": 3, "name": "a b/c"})
    return visit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{id}", 3),
        ("id {id}", "id 3"),
        ("{n}-{user}", "7-user-1"),
        ("{{id}}", "{id}"),
        ("{random:5:5}", 5),
        ("{repeat:ab:3}", "ababab"),
        ("<{repeat: :2}{id}>", "<  3>"),
        ("", ""),
    ],
)
def test_a_placeholder_has_its_value_and_type(visit: Visit, text: str, value: object) -> None:
    assert parse(text).value(visit) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{id", "a lone { in '{id'; write {{ for the character itself"),
        ("id}", "a lone } in 'id}'; write }} for the character itself"),
        ("{random:9:1}", "placeholder {random:9:1}: 9 is more than 1"),
        ("{repeat:ab:9999999}", "placeholder {repeat:ab:9999999}: more than 16777216 characters"),
        (
            "{Id}",
            "placeholder {Id}, expected {name}, {pool.variable}, {pool.variable:3}, {random:1:36} or {repeat:ab:3}",
        ),
        (
            "{things.id:0}",
            "placeholder {things.id:0}, expected {name}, {pool.variable}, {pool.variable:3}, {random:1:36} or "
            "{repeat:ab:3}",
        ),
    ],
)
def test_a_wrong_placeholder_is_refused_with_its_text(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(text)


def test_a_sample_repeats_no_item_and_is_decided_by_the_seed() -> None:
    def sampled(seed: int, n: int = 7) -> object:
        return parse("{things.id:4}").value(Visit(n, None, ITEMS, seed))

    first = sampled(1)
    assert isinstance(first, list)
    assert len(set(first)) == 4
    assert sampled(1) == first
    assert any(sampled(seed) != first for seed in range(2, 12))
    assert any(sampled(1, n) != first for n in range(20, 30))


def test_a_body_keeps_the_types_of_its_placeholders(visit: Visit) -> None:
    body = compile_body({"prompt": "{id}", "list": ["{things.id:2}", 1, None], "text": "n={n}"})
    filled = body.value(visit)
    assert isinstance(filled, dict)
    assert (filled["prompt"], filled["text"], body.constant) == (3, "n=7", False)
    assert compile_body({"a": [1, "{{x}}"]}).constant


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any))
def test_every_stretch_of_the_mix_holds_its_share_within_one(weights: list[int]) -> None:
    counts: Counter[int] = Counter()
    for k, index in enumerate(islice(deal(weights), 400), 1):
        counts[index] += 1
        assert all(abs(counts[i] - k * weight / sum(weights)) < 1 for i, weight in enumerate(weights))


def plan(**changes: object) -> Plan:
    """One pool of five, a session that draws from it; changes are those of its one step."""
    step = {"request": "GET /things/{id}", **changes}
    return Plan(
        Scenario.model_validate(
            {
                "scenario": 1,
                "name": "x",
                "users": {"header": "X-User-ID", "distinct": 2},
                "pools": {
                    "things": {"count": 5, "create": {"request": "POST /things", "save": {"id": "id"}}}
                },
                "mix": [{"name": "get", "draw": ["things"], "set": {"twice": "{id}{id}"}, "steps": [step]}],
                "arrival": {"model": "open", "rate": "1/s"},
                "duration": "1s",
            }
        )
    )


def test_items_and_users_are_drawn_in_turn() -> None:
    ready = plan()
    ready.items.update(ITEMS)
    visits = [ready.next_of_mix()[1] for _ in range(7)]
    assert [visit.variable("id") for visit in visits] == [1, 2, 3, 4, 5, 1, 2]
    assert [visit.user for visit in visits[:3]] == ["user-1", "user-2", "user-1"]
    assert visits[1].variable("twice") == "22"


def test_a_call_is_what_the_scenario_says(visit: Visit) -> None:
    ready = plan(
        request="POST /things/{name}",
        endpoint="/things/{id}",
        query={"limit": 5, "all": True, "q": "{name}"},
        headers={"X-N": "{n}"},
        json={"id": "{id}"},
    )
    (request,) = ready.mix[0].steps
    call = request.call(visit)  # type: ignore[union-attr]
    assert (call.method, call.name) == ("POST", "/things/{id}")
    assert call.path == "/things/a%20b%2Fc?limit=5&all=true&q=a+b%2Fc"
    assert call.headers == {"X-N": "7", "X-User-ID": "user-1", "Content-Type": "application/json"}
    assert json.loads(call.body or b"") == {"id": 3}


def test_a_field_that_an_answer_lacks_is_an_error() -> None:
    answer = {"steps": [{"status": "success"}]}
    assert field(answer, "$.steps.0.status") == "success"
    for path in ("$.steps.1.status", "$.step", "$.steps.x", "$.steps.0.status.more"):
        with pytest.raises(LookupError, match="is not there"):
            field(answer, path)
