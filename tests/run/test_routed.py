"""The option for notifications of an Alertmanager that runs already."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.errors import InputError
from promproof.run.options import StackOptions
from promproof.run.routed import check, leading_to

pytestmark = pytest.mark.unit
RUNNING: dict[str, Any] = {"prometheus": "http://127.0.0.1:9090", "alertmanager": "http://127.0.0.1:9093"}


def test_an_address_with_a_running_stack_is_taken() -> None:
    check(StackOptions(receiver="127.0.0.1:9599", **RUNNING))
    check(StackOptions(receiver="[::1]:9599", **RUNNING))
    check(StackOptions())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"receiver": "127.0.0.1:9599"}, "--prometheus URL and --alertmanager URL"),
        ({"receiver": "127.0.0.1:9599", "prometheus": "http://127.0.0.1:9090"}, "--alertmanager URL"),
        ({"receiver": "0.0.0.0:9599", **RUNNING}, "every address"),
        ({"receiver": "[::]:9599", **RUNNING}, "every address"),
        ({"receiver": "9599", **RUNNING}, ""),
        ({"receiver": "127.0.0.1", **RUNNING}, "no port"),
    ],
)
def test_another_one_is_refused_with_what_is_expected(given: dict[str, Any], words: str) -> None:
    if given["receiver"] == "9599":  # a port alone is at loopback
        check(StackOptions(**given))
        return
    with pytest.raises(InputError) as caught:
        check(StackOptions(**given))
    assert words in str(caught.value)


def test_receivers_lead_here_by_the_port_of_a_webhook_that_tells_both_ends() -> None:
    hooks = {
        "page": [{"url": "http://10.0.3.17:9599/"}],
        "ticket": [{"url": "http://10.0.3.17:9599/", "send_resolved": False}],
        "desk": [{"url": "http://10.0.3.17:9598/"}],
        "hidden": [{"url": "<secret>"}],
        "odd": [{"url": "http://[::1"}],
    }
    receivers = [{"name": name, "webhook_configs": urls} for name, urls in hooks.items()]
    configuration = {"receivers": [*receivers, {"name": "mail", "email_configs": [{"to": "a@b"}]}]}
    assert leading_to(configuration, 9599) == ("page",)
