"""The webhook receiver when it fails at a notification by its own doing."""

from __future__ import annotations

import time

import pytest
import requests

from verification.errors import EvidenceError
from verification.observe.webhook import Delivery, Receiver
from verification.stack.waiting import loopback_session

pytestmark = pytest.mark.unit
BODY = {"alerts": [], "status": "firing"}


def test_a_notification_that_it_fails_at_is_lost_without_a_word() -> None:
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


def test_a_sender_that_hangs_up_ends_the_run() -> None:
    receiver = Receiver(time.monotonic)
    try:
        receiver._failed(BrokenPipeError("gone"))
        receiver.raise_if_dead()
    finally:
        receiver.close()
