"""The instrumentation around ASGI applications that do every odd thing, with a clock that the test moves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpilot.instrument import Exchange, Instrumentation
from promptpilot.metrics import Metrics
from promptpilot.routing import Resolver, Route
from tests.promptpilot.support import Exposition

pytestmark = pytest.mark.unit

START: Message = {"type": "http.response.start", "status": 201, "headers": []}
PIECE: Message = {"type": "http.response.body", "body": b"a", "more_body": True}
LAST: Message = {"type": "http.response.body", "body": b"b"}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """An instrumented application, its metrics, and what the server was handed and when."""

    def __init__(self, app: ASGIApp, kind: type[Instrumentation] = Instrumentation) -> None:
        self.clock = Clock()
        self.metrics = Metrics(series_limit=10, active_users_window=60.0, clock=self.clock)
        resolver = Resolver([Route("GET", "/x/{number}", print), Route("GET", "/metrics", print)])
        self.app = kind(app, self.metrics, resolver, self.clock)
        self.handed: list[tuple[Message, Exposition]] = []

    def exposed(self) -> Exposition:
        return Exposition(self.metrics.render(None).decode())

    def run(self, method: str = "GET", path: str = "/x/1", headers: dict[bytes, bytes] | None = None) -> None:
        asyncio.run(self.request(method, path, headers))

    async def request(
        self, method: str = "GET", path: str = "/x/1", headers: dict[bytes, bytes] | None = None
    ) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            self.handed.append((message, self.exposed()))

        scope = {"type": "http", "method": method, "path": path, "headers": list((headers or {}).items())}
        await self.app(scope, receive, send)

    def counted(self) -> dict[str, float]:
        """Requests by status; the histogram must agree."""
        seen = self.exposed()
        statuses = {dict(k)["status"]: v for k, v in seen.labelled("http_requests_total").items() if v}
        timed = sum(seen.labelled("http_request_duration_seconds_count").values())
        assert timed == sum(statuses.values()), f"histogram {timed}, counter {statuses}"
        return statuses

    def in_progress(self) -> float:
        return sum(self.exposed().labelled("http_requests_in_progress").values())


def sends(*steps: Message | Exception | Callable[[], Awaitable[Any]]) -> ASGIApp:
    """An application that sends, raises and awaits, in order."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            if callable(step):
                await step()
            else:
                await send(step)

    return app


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_request_is_counted_before_its_last_message_is_handed_over() -> None:
    bench = Bench(sends(START, PIECE, LAST))
    bench.run()
    counted = [seen.requests("GET", "/x/{number}", 201) or 0 for _, seen in bench.handed]
    parked = [
        seen.value("http_requests_in_progress", method="GET", endpoint="/x/{number}")
        for _, seen in bench.handed
    ]
    assert counted == [0, 0, 1]
    assert parked == [1, 1, 0]
    assert bench.counted() == {"201": 1}


def test_the_duration_of_a_stream_ends_with_its_last_piece() -> None:
    bench: Bench

    async def two_seconds() -> None:
        bench.clock.now += 2.0

    async def after_the_end() -> None:
        bench.clock.now += 50.0

    bench = Bench(sends(two_seconds, START, two_seconds, PIECE, two_seconds, LAST, after_the_end))
    bench.run()
    assert sum(bench.exposed().labelled("http_request_duration_seconds_sum").values()) == 6.0


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((RuntimeError(),), "500"),
        ((START, RuntimeError()), "500"),
        ((START, PIECE, RuntimeError()), "500"),
        ((START, LAST, RuntimeError()), "201"),
    ],
)
def test_an_exception_is_counted_once(steps: tuple[Message | Exception, ...], status: str) -> None:
    bench = Bench(sends(*steps))
    with pytest.raises(RuntimeError):
        bench.run()
    assert bench.counted() == {status: 1}
    assert bench.in_progress() == 0


@pytest.mark.parametrize(
    ("steps", "status"), [((forever,), "499"), ((START, forever), "201"), ((START, PIECE, forever), "201")]
)
def test_a_cancelled_request_is_counted_once_and_leaves_progress(steps: tuple[Any, ...], status: str) -> None:
    bench = Bench(sends(*steps))

    async def cancelled() -> None:
        task = asyncio.create_task(bench.request())
        await asyncio.sleep(0)
        assert bench.in_progress() == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    assert bench.counted() == {status: 1}
    assert bench.in_progress() == 0


@pytest.mark.parametrize(("steps", "status"), [((), "499"), ((START,), "201"), ((START, PIECE), "201")])
def test_an_application_that_returns_early_is_counted_once(steps: tuple[Any, ...], status: str) -> None:
    bench = Bench(sends(*steps))
    bench.run()
    assert bench.counted() == {status: 1}
    assert bench.in_progress() == 0


def test_a_last_message_that_the_server_refuses_is_counted_once() -> None:
    bench = Bench(sends(START, LAST))

    async def refused() -> None:
        async def send(message: Message) -> None:
            if message is LAST:
                raise OSError("gone")

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        scope = {"type": "http", "method": "GET", "path": "/x/1", "headers": []}
        with pytest.raises(OSError, match="gone"):
            await bench.app(scope, receive, send)

    asyncio.run(refused())
    assert bench.counted() == {"201": 1}
    assert bench.in_progress() == 0


def test_in_progress_rises_before_the_application_begins() -> None:
    seen: list[float] = []

    async def look() -> None:
        seen.append(bench.in_progress())

    bench = Bench(sends(look, START, LAST))
    bench.run()
    assert seen == [1]


def test_labels_hold_route_templates_and_known_methods_alone() -> None:
    bench = Bench(sends(START, LAST))
    for method, path in [("GET", "/x/1"), ("GET", "/x/2"), ("GET", "/y"), ("GET", "/z"), ("PURGE", "/x/3")]:
        bench.run(method, path)
    labels = {
        (dict(key)["method"], dict(key)["endpoint"]): value
        for key, value in bench.exposed().labelled("http_requests_total").items()
    }
    assert labels == {("GET", "/x/{number}"): 2, ("GET", "unmatched"): 2, ("OTHER", "/x/{number}"): 1}


def test_a_scrape_counts_neither_itself_nor_its_user() -> None:
    bench = Bench(sends(START, LAST))
    bench.run(path="/metrics", headers={b"x-user-id": b"a"})
    assert bench.counted() == {}
    assert bench.exposed().value("active_users") == 0


def test_a_user_is_seen_when_the_request_arrives() -> None:
    seen: list[float | None] = []

    async def look() -> None:
        seen.append(bench.exposed().value("active_users"))

    bench = Bench(sends(look, START, LAST))
    bench.run(headers={b"x-user-id": b"a"})
    bench.run(headers={b"x-user-id": b"b"})
    bench.run(headers={b"x-user-id": b""})
    assert seen == [1, 2, 2]


def test_a_lifespan_is_not_counted() -> None:
    started = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        started.append(scope["type"])

    bench = Bench(app)

    async def unused(*_: object) -> Any: ...

    asyncio.run(bench.app({"type": "lifespan"}, unused, unused))
    assert started == ["lifespan"]
    assert bench.counted() == {}


# Twins: broken variants that the tests above must be able to tell from the real one.


class LeaksOnErrors(Instrumentation):
    def failed(self, exchange: Exchange) -> None:
        exchange.ended = True


class CountsTwice(Instrumentation):
    def end(self, exchange: Exchange) -> None:
        super().end(exchange)
        exchange.ended = False


class StopsAtHeaders(Instrumentation):
    def sending(self, exchange: Exchange, message: Message) -> None:
        super().sending(exchange, message)
        self.end(exchange)


def test_a_variant_that_leaks_on_errors_shows() -> None:
    bench = Bench(sends(RuntimeError()), LeaksOnErrors)
    with pytest.raises(RuntimeError):
        bench.run()
    assert bench.counted() == {}
    assert bench.in_progress() == 1


def test_a_variant_that_counts_twice_shows() -> None:
    bench = Bench(sends(START, LAST), CountsTwice)
    bench.run()
    assert bench.counted() == {"201": 2}


def test_a_variant_that_stops_the_clock_at_the_headers_shows() -> None:
    async def two_seconds() -> None:
        bench.clock.now += 2.0

    bench = Bench(sends(START, two_seconds, LAST), StopsAtHeaders)
    bench.run()
    assert sum(bench.exposed().labelled("http_request_duration_seconds_sum").values()) == 0.0
