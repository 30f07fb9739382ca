"""The ASGI pieces by themselves: bodies that arrive in parts, exceptions at every moment, streams to nobody."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message, Receive, Scope, Send

from promptpilot.asgi import ErrorBoundary, PieceStream, SimulatedError, WholeRequest

pytestmark = pytest.mark.unit

SCOPE = {"type": "http", "method": "GET", "path": "/x"}
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
LAST: Message = {"type": "http.response.body", "body": b""}
GONE: Message = {"type": "http.disconnect"}


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def received_by_app(messages: list[Message], limit: int = 100) -> list[Message] | None:
    """What the application behind WholeRequest receives; None: it was never called."""
    got: list[Message] | None = None
    queue = list(messages)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal got
        await asyncio.sleep(0)
        got = [await receive() for _ in messages]

    async def receive() -> Message:
        return queue.pop(0)

    async def send(message: Message) -> None: ...

    asyncio.run(WholeRequest(app, limit)(SCOPE, receive, send))
    return got


def test_a_body_reaches_the_application_unchanged() -> None:
    for messages in (
        [part(b"", False), GONE],
        [part(b"abc", False), GONE],
        [part(b"a", True), part(b"b", True), part(b"", False), GONE],
    ):
        assert received_by_app(messages) == messages


def test_no_handler_runs_for_a_request_that_never_became_whole() -> None:
    assert received_by_app([GONE]) is None
    assert received_by_app([part(b"a", True), GONE]) is None


def test_a_body_beyond_the_limit_is_passed_on_before_it_is_whole() -> None:
    messages = [part(b"aaa", True), part(b"bbb", True), part(b"ccc", True)]
    taken: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert len(taken) == 2
        assert [await receive() for _ in messages] == messages

    async def receive() -> Message:
        taken.append(True)
        return messages[len(taken) - 1]

    async def send(message: Message) -> None: ...

    asyncio.run(WholeRequest(app, 4)(SCOPE, receive, send))


def behind_the_boundary(messages: list[Message], error: Exception) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        raise error

    async def receive() -> Message:
        return GONE

    async def send(message: Message) -> None: ...

    asyncio.run(ErrorBoundary(app)(SCOPE, receive, send))


def test_an_exception_after_the_response_is_logged_and_goes_no_further(
    caplog: pytest.LogCaptureFixture,
) -> None:
    behind_the_boundary([START, LAST], RuntimeError("unforeseen"))
    assert "unforeseen" in caplog.text
    assert "GET /x" in caplog.text


def test_an_error_made_on_purpose_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    behind_the_boundary([START, LAST], SimulatedError("on purpose"))
    assert caplog.text == ""


@pytest.mark.parametrize("error", [RuntimeError(), SimulatedError()])
def test_an_exception_before_the_response_is_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)):
        behind_the_boundary([], error)


def test_a_stream_is_produced_to_its_end_after_its_client_has_gone() -> None:
    produced = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        for piece in (b"a", b"b", b"c"):
            produced.append(piece)
            yield piece

    async def receive() -> Message:
        return GONE

    async def send(message: Message) -> None: ...

    asyncio.run(PieceStream(pieces())(SCOPE, receive, send))
    assert produced == [b"a", b"b", b"c"]


def test_a_stream_that_cannot_be_sent_is_closed() -> None:
    closed = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    async def receive() -> Message:
        return GONE

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            assert not closed
            raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        asyncio.run(PieceStream(pieces())(SCOPE, receive, send))
    assert closed
