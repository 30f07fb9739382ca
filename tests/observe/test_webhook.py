"""The webhook receiver when it fails at a notification by its own doing."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection

import pytest
import requests

from promproof.errors import EvidenceError
from promproof.observe.webhook import Delivery, Receiver
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session

pytestmark = pytest.mark.unit
BODY = {"alerts": [], "status": "firing"}


def test_a_notification_that_the_receiver_fails_at_is_reported() -> None:
    def broken(delivery: Delivery) -> None:
        raise ValueError("no room for it")

    receiver = Receiver(time.monotonic, on_delivery=broken)
    try:
        url = receiver.add("webhook")
        receiver.raise_if_dead()
        with loopback_session() as session, pytest.raises(requests.ConnectionError):
            session.post(url, json=BODY, timeout=10)
        with pytest.raises(EvidenceError, match="failed at a notification: ValueError: no room for it"):
            receiver.raise_if_dead()
    finally:
        receiver.close()


def test_a_sender_that_hangs_up_does_not_end_the_run() -> None:
    receiver = Receiver(time.monotonic)
    try:
        receiver._failed(BrokenPipeError("gone"))
        receiver.raise_if_dead()
    finally:
        receiver.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": str(1 << 40)}, 413),
        ({"Content-Length": "9" * 5000}, 413),
    ],
    ids=["Alertmanager", "page", "sandboxed page", "form", "negative", "no number", "huge", "digits"],
)
def test_a_notification_from_a_page_or_without_an_end_is_refused(
    headers: dict[str, str], status: int
) -> None:
    receiver = Receiver(time.monotonic)
    connection = HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    try:
        receiver.add("webhook")
        connection.request("POST", "/webhook", json.dumps(BODY), headers)
        assert connection.getresponse().status == status
        assert len(receiver.deliveries()) == (status == 200)
        receiver.raise_if_dead()
    finally:
        connection.close()
        receiver.close()


@pytest.mark.parametrize(
    "name", ["webhook", "team ops", "größe", "a#b", "a/b", "50%", "what?", "a/../b", "{x}"]
)
def test_a_receiver_of_any_name_gets_what_is_posted_to_its_url(name: str) -> None:
    receiver = Receiver(time.monotonic)
    try:
        url = receiver.add(name)
        assert url.isascii()
        with loopback_session() as session:
            assert session.post(url, json=BODY).status_code == 200
            assert session.post(f"{url}x", json=BODY).status_code == 404
        assert [delivery.receiver for delivery in receiver.deliveries(name)] == [name]
    finally:
        receiver.close()


def test_a_notification_of_100_000_brackets_is_unreadable_and_ends_no_run() -> None:
    receiver = Receiver(time.monotonic)
    try:
        with loopback_session() as session:
            assert session.post(receiver.add("webhook"), data="[" * 100_000, timeout=10).status_code == 200
        receiver.raise_if_dead()
        assert list(receiver.deliveries()[0].body) == ["unreadable"]
    finally:
        receiver.close()


def test_a_webhook_of_somebody_else_tells_receivers_by_what_it_says() -> None:
    strangers: list[str] = []
    receiver = Receiver(time.monotonic)
    try:
        receiver.take_from(["page", "ticket"], strangers.append)
        url = f"http://127.0.0.1:{receiver.port}"
        with loopback_session() as session:
            answers = [
                session.post(f"{url}{path}", json={**BODY, "receiver": name}, timeout=10).status_code
                for path, name in (("/", "page"), ("/page", "ticket"), ("/any/where", "our own"))
            ]
            answers.append(session.post(f"{url}/page", json=BODY, timeout=10).status_code)
            answers.append(session.post(f"{url}/", data=b"no json", timeout=10).status_code)
        assert answers == [200, 200, 200, 400, 400]
        assert [delivery.receiver for delivery in receiver.deliveries()] == ["page", "ticket"]
        assert strangers == ["our own"]
        receiver.raise_if_dead()
    finally:
        receiver.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_listens_at_the_address_and_port_that_are_named(host: str) -> None:
    receiver = Receiver(time.monotonic)
    port = allocate_ports(1)[0]
    try:
        receiver.listen(host, port)
        assert (receiver.host, receiver.port) == (host, port)
        with pytest.raises(OSError, match="in use"):
            receiver.listen(host, port)
    finally:
        receiver.close()
