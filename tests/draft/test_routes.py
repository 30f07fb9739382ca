"""Which requests a draft dares to send."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.draft.routes import Choice, Route, asked, ids, of_exposition, of_openapi, offered
from promproof.exposition import parse

pytestmark = pytest.mark.unit


def document(**paths: Any) -> dict[str, Any]:
    return {"paths": {f"/{name.replace('__', '/')}": item for name, item in paths.items()}}


def lines(choice: Choice) -> list[str]:
    return [f"{route.method} {route.path}" for route in choice.routes]


def test_only_get_is_sent_and_the_rest_is_reported() -> None:
    choice = of_openapi(document(items={"get": {}, "post": {}, "delete": {}}))
    assert lines(choice) == ["GET /items"]
    assert choice.left == (("DELETE, POST", "they may change something; --route 'POST /path' asks for one"),)


@pytest.mark.parametrize(
    "path", ["/items/{id}/delete", "/logout", "/admin/shutdown", "/jobs/run", "/cache/flush", "/v1/resetAll"]
)
def test_a_get_that_sounds_like_a_deed_is_left_out(path: str) -> None:
    choice = of_openapi({"paths": {path: {"get": {}}}})
    assert not choice.routes
    assert "sounds like more than reading" in choice.left[0][1]


def test_a_deed_in_the_operation_is_left_out_as_well() -> None:
    choice = of_openapi(document(items={"get": {"operationId": "deleteItems"}}))
    assert not choice.routes


def test_a_route_that_needs_what_nobody_can_make_up_is_left_out() -> None:
    parameters = [{"name": "q", "in": "query", "required": True}]
    choice = of_openapi(document(search={"get": {"parameters": parameters}}))
    assert choice.left == (("GET /search", "it needs q"),)


def test_the_metrics_are_no_route_and_plain_paths_come_first() -> None:
    choice = of_openapi(document(metrics={"get": {}}, items={"get": {}}) | {"basePath": ""})
    assert lines(choice) == ["GET /items"]
    both = of_openapi({"paths": {"/a/{b}/{c}": {"get": {}}, "/z": {"get": {}}, "/a/{b}": {"get": {}}}})
    assert lines(both) == ["GET /z", "GET /a/{b}", "GET /a/{b}/{c}"]


@pytest.mark.parametrize(
    "odd", [{}, {"paths": None}, {"paths": []}, {"paths": {"/a": None, "/b": {"get": 3}}}]
)
def test_a_document_of_another_shape_gives_no_routes(odd: dict[str, Any]) -> None:
    assert not of_openapi(odd).routes


def test_routes_are_seen_in_label_values() -> None:
    exposition = parse(
        '# TYPE a counter\na_total{path="/items"} 1\na_total{path="/items/:id"} 1\na_total{path="^/x$"} 1\n'
        'a_total{path="/metrics"} 1\na_total{path="/logout"} 1\n'
    )
    choice = of_exposition(exposition)
    assert {"GET /items", "GET /items/:id", "GET /", "GET /health"} <= set(lines(choice))
    assert not {"GET /metrics", "GET ^/x$", "GET /logout"} & set(lines(choice))


@pytest.mark.parametrize(
    ("path", "template", "names"),
    [
        ("/items/{item_id}", "/items/{item_id}", ("item_id",)),
        ("/items/{i:int}", "/items/{i}", ("i",)),
        ("/items/<int:i>", "/items/{i}", ("i",)),
        ("/items/<i>/parts/:part", "/items/{i}/parts/{part}", ("i", "part")),
        ("/time/12:30", "/time/12:30", ()),
    ],
    ids=["OpenAPI", "Starlette", "Flask", "Express", "none"],
)
def test_placeholders_of_every_framework_are_read(path: str, template: str, names: tuple[str, ...]) -> None:
    route = Route("GET", path)
    assert (route.template, route.parameters) == (template, names)


def test_a_placeholder_takes_the_id_of_the_answer_of_the_path_before_it() -> None:
    answers = {"/items": {"id": "7"}, "/users": {"id": "9"}}
    assert offered(Route("GET", "/items/{item_id}"), answers) == {"item_id": "7"}
    assert Route("GET", "/items/{item_id}").filled({"item_id": "7"}) == "/items/7"
    assert offered(Route("GET", "/users/{u}/posts"), answers) == {"u": "9"}
    assert Route("GET", "/orders/{o}").filled(offered(Route("GET", "/orders/{o}"), answers)) is None


def test_an_example_of_the_document_fills_a_placeholder() -> None:
    parameters = [{"name": "c", "in": "path", "required": True, "schema": {"enum": ["tea", "milk"]}}]
    [route] = of_openapi({"paths": {"/k/{c}": {"get": {"parameters": parameters}}}}).routes
    assert route.filled({}) == "/k/tea"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([{"id": 1}, {"id": 2}], {"id": "1"}),
        ({"items": [{"id": "a-b", "name": "x"}], "total": 1}, {"id": "a-b"}),
        ({"id": 3, "user_id": 4}, {"id": "3", "user_id": "4"}),
        ({"id": True}, {}),
        ({"id": "a b/c"}, {}),
        ("text", {}),
        ([], {}),
        (None, {}),
    ],
    ids=["list", "page", "object", "a flag", "no path segment", "text", "empty", "null"],
)
def test_ids_are_found_in_answers(answer: Any, found: dict[str, str]) -> None:
    assert ids(answer) == found


def test_a_user_asks_for_requests_by_line() -> None:
    assert list(asked(["/a", "POST /b", "put /c"])) == [
        Route("GET", "/a"),
        Route("POST", "/b"),
        Route("PUT", "/c"),
    ]
    with pytest.raises(ValueError, match="items"):
        list(asked(["items"]))


def test_a_method_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="GTE /a"):
        list(asked(["GTE /a"]))
