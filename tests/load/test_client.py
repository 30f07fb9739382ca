"""What goes over a connection, byte by byte: a body that is asked for, and one that breaks off."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
import pytest
from geventhttpclient.client import HTTPClient

from promproof.load.client import OneShotClient

pytestmark = pytest.mark.unit
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end) and (data := connection.recv(1)):
        received += data
    return received


def asks(connection: socket.socket, seen: list[str]) -> None:
    until(connection, b"\r\n\r\n")
    seen.append("head")
    connection.sendall(CONTINUE)
    connection.recv(4)
    seen.append("body")
    connection.sendall(ANSWER)


def refuses(connection: socket.socket, seen: list[str]) -> None:
    until(connection, b"\r\n\r\n")
    connection.sendall(ANSWER)
    until(connection, b"body")


def hears(connection: socket.socket, seen: list[str]) -> None:
    seen.append(until(connection, b"never").decode())


@contextmanager
def serving(behave: Callable[[socket.socket, list[str]], None]) -> Iterator[tuple[OneShotClient, list[str]]]:
    seen: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            behave(connection, seen)

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = OneShotClient(HTTPClient.from_url(url))
    try:
        yield client, seen
        thread.join(10)
    finally:
        listener.close()
        for idle, _ in client._connections._idle:
            idle.close()


def test_a_body_is_sent_after_the_target_has_asked_for_it() -> None:
    with serving(asks) as (client, seen):

        def wait() -> None:
            gevent.sleep(0.01)
            seen.append("waited")

        answer = client.request("POST", "/", b"body", {"Expect": "100-continue"}, wait)
        assert (answer.get_code(), answer.read()) == (200, b"ok")
    assert seen == ["head", "waited", "body"]


def test_an_answer_before_the_body_is_read_and_no_body_sent() -> None:
    waited: list[bool] = []
    with serving(refuses) as (client, _):
        answer = client.request("POST", "/", b"body", {"Expect": "100-continue"}, lambda: waited.append(True))
        assert (answer.get_code(), answer.read()) == (200, b"ok")
    assert waited == []


def test_a_connection_on_which_the_target_asks_too_late_is_not_given_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("promproof.load.client.CONTINUE_SECONDS", 0.05)
    clients: list[OneShotClient] = []

    def asks_late(connection: socket.socket, seen: list[str]) -> None:
        until(connection, b"body")
        connection.sendall(CONTINUE)
        time.sleep(0.05)  # for whoever takes that for the answer
        seen.append(f"{len(clients[0]._connections._idle)} idle")
        connection.sendall(ANSWER)

    with serving(asks_late) as (client, seen):
        clients.append(client)
        answer = client.request("POST", "/", b"body", {"Expect": "100-continue"}, lambda: None)
        assert (answer.get_code(), answer.read()) == (200, b"ok")
    assert seen == ["0 idle"]


def test_half_a_body_is_sent_as_half() -> None:
    with serving(hears) as (client, seen):
        assert client.leave("half-body", "POST", "/", b"abcdefgh", {}) == 0
    assert seen[0].endswith("\r\n\r\nabcd")


def answers(end: bytes) -> Callable[[socket.socket, list[str]], None]:
    def behave(connection: socket.socket, seen: list[str]) -> None:
        seen.append(until(connection, end).decode())
        connection.sendall(ANSWER)

    return behave


def test_a_body_in_chunks_has_no_length_before_it() -> None:
    with serving(answers(b"0\r\n\r\n")) as (client, seen):
        headers = {"Transfer-Encoding": "chunked"}
        assert client.request("POST", "/", b"abcde", headers).get_code() == 200
    head, _, body = seen[0].partition("\r\n\r\n")
    assert "transfer-encoding: chunked" in head.lower()
    assert "content-length" not in head.lower()
    assert body == "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


@pytest.mark.parametrize("http", ["1.0", "1.1"])
def test_a_request_speaks_the_version_that_is_wished(http: str) -> None:
    with serving(answers(b"\r\n\r\n")) as (client, seen):
        assert client.request("GET", "/a", http=http).get_code() == 200
    assert seen[0].startswith(f"GET /a HTTP/{http}\r\n")


@pytest.mark.parametrize(("status", "is_kept"), [(200, True), (404, True), (500, False), (503, False)])
def test_a_connection_is_not_used_again_after_the_server_failed(status: int, is_kept: bool) -> None:
    def ends_soon(connection: socket.socket, seen: list[str]) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok" % status)

    with serving(ends_soon) as (client, _):
        answer = client.request("GET", "/")
        assert (answer.get_code(), answer.read()) == (status, b"ok")
        assert bool(client._connections._idle) == is_kept
