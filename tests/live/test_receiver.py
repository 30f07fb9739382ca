"""`promproof ui --receiver`: the drills of the page hear of notifications, as those of a terminal do."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.cli.ui import check_receiver, command
from promproof.errors import InputError
from promproof.live.drills import Notices, Place
from promproof.optiontable import options

pytestmark = pytest.mark.unit
URLS = ("http://127.0.0.1:8000", "http://127.0.0.1:9090", "http://127.0.0.1:9", "token")
ALERTMANAGER = "http://127.0.0.1:9093"


def place(notices: Notices | None) -> list[str]:
    return Place(*URLS, Path("contract.yaml"), Path("monitoring"), "", notices).command(
        "Slow", Path("reports")
    )


def test_a_drill_of_the_page_listens_where_the_option_says() -> None:
    words = place(Notices.of(ALERTMANAGER, "127.0.0.1:9599"))
    assert words[words.index("--receiver") :][:2] == ["--receiver", "127.0.0.1:9599"]
    assert words[words.index("--alertmanager") :][:2] == ["--alertmanager", ALERTMANAGER]


def test_without_the_option_a_drill_asks_for_no_notification() -> None:
    assert not {"--receiver", "--alertmanager"} & set(place(Notices.of(ALERTMANAGER, "")))


def test_the_page_is_told_the_option() -> None:
    given = {option.key: option.default_of("ui") for option in options("ui")}
    values = {**given, "receiver": "127.0.0.1:9599", "reports": Path("reports"), "rest": []}
    words = command(values)
    assert words[words.index("--receiver") :][:2] == ["--receiver", "127.0.0.1:9599"]
    assert "--receiver" not in command({**values, "receiver": None})


@pytest.mark.parametrize(
    ("receiver", "alertmanager", "words"),
    [
        ("0.0.0.0:9599", ALERTMANAGER, "every address of this machine"),
        ("nowhere", ALERTMANAGER, "--receiver"),
        ("127.0.0.1:9599", "", "--alertmanager URL"),
    ],
)
def test_an_address_that_no_drill_can_use_is_refused_before_locust_starts(
    receiver: str, alertmanager: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        check_receiver({"prometheus": URLS[1], "alertmanager": alertmanager, "receiver": receiver})


@pytest.mark.parametrize("receiver", [None, "127.0.0.1:9599"])
def test_an_address_that_a_drill_can_use_is_taken(receiver: str | None) -> None:
    check_receiver({"prometheus": URLS[1], "alertmanager": ALERTMANAGER, "receiver": receiver})
