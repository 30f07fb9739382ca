"""The label a request gets, against the route that the real router picks."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route as StarletteRoute

from promptpilot.routing import Resolver, Route

pytestmark = pytest.mark.unit


async def endpoint(request: Request) -> Response:
    return PlainTextResponse(request.scope["route"].path)


ROUTES = tuple(
    Route(method, path, endpoint)
    for method, path in (
        ("GET", "/health"),
        ("GET", "/api/v1/prompts"),
        ("POST", "/api/v1/prompts"),
        ("DELETE", "/api/v1/prompts/{prompt_id}"),
        ("POST", "/api/v1/prompts/{prompt_id}/execute"),
    )
)


def routed(method: str, path: str) -> tuple[int, str]:
    """Status and body of the real router."""
    app = Starlette(routes=[StarletteRoute(route.path, endpoint, methods=[route.method]) for route in ROUTES])
    app.router.redirect_slashes = False
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [],
        "query_string": b"",
        "root_path": "",
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


segments = st.sampled_from(
    ["health", "api", "v1", "prompts", "1", "execute", "", "x y", "health\n", "{prompt_id}"]
)
paths = st.lists(segments, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))


@given(method=st.sampled_from(["GET", "POST", "DELETE", "PATCH"]), path=paths)
def test_the_label_is_that_of_the_route_that_answers(method: str, path: str) -> None:
    status, template = routed(method, path)
    resolver = Resolver(ROUTES)
    if status == 200:
        assert resolver.template(path) == template
        assert resolver.route_key(method, path) == f"{method} {template}"
    else:
        assert resolver.route_key(method, path) is None
        assert (resolver.template(path) is None) == (status == 404)


def test_a_method_that_a_route_does_not_take_keeps_the_template() -> None:
    resolver = Resolver(ROUTES)
    assert resolver.template("/api/v1/prompts/17/execute") == "/api/v1/prompts/{prompt_id}/execute"
    assert resolver.route_key("GET", "/api/v1/prompts/17/execute") is None
