"""Several instances of a drafted service: drafted where each answers for itself, told where they can't be."""

from __future__ import annotations

import pytest

from promproof.draft.drafting import Wishes, files, look
from promproof.draft.job import ScrapeJob
from promproof.draft.probing import Target
from promproof.draft.service import Running
from promproof.draft.siblings import instances
from tests.draft.test_probing import Server, serving

pytestmark = pytest.mark.unit


def quick(url: str, metrics: str = "") -> Target:
    return Target(url, pause=lambda _: None, metrics=metrics)


def test_instances_that_answer_are_drafted_the_asked_one_first() -> None:
    said: list[str] = []
    with serving(Server({})) as first, serving(Server({})) as second:
        job = ScrapeJob("api", reads=(first.url, second.url))
        assert instances(quick(second.url), job, False, said.append) == (second.url, first.url)
    assert said[-1] == "  all of them are drafted"


def test_the_draft_names_them() -> None:
    with serving(Server({"/": (200, "{}")})) as server:
        seen = look(Running(quick(server.url)), Wishes(), lambda _: None)
    several = ("http://127.0.0.1:8001", "http://127.0.0.1:8002")
    text = files(type(seen)(**{**vars(seen), "instances": several}), Wishes(), {}, lambda _: None)
    assert 'instances: ["http://127.0.0.1:8001", "http://127.0.0.1:8002"]' in text["contract.yaml"]


def test_one_instance_is_no_several() -> None:
    said: list[str] = []
    assert instances(quick("http://a:1"), ScrapeJob(reads=("http://a:1",)), False, said.append) == ()
    assert said == []


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        (("http://127.0.0.1:1", "http://127.0.0.1:2"), "none of them is "),
        (("HERE", "http://127.0.0.1:9"), "127.0.0.1:9 gives no answer (ConnectionError) from here"),
        (("HERE", "NONE"), "shows no metrics from here"),
    ],
    ids=["none is the target", "one is not reached", "one is something else"],
)
def test_instances_that_cannot_be_asked_are_told_and_one_is_drafted(reads: tuple[str, ...], why: str) -> None:
    said: list[str] = []
    with serving(Server({})) as server, serving(Server({}, metrics=None)) as other:
        job = ScrapeJob(
            "api", reads=tuple({"HERE": server.url, "NONE": other.url}.get(url, url) for url in reads)
        )
        assert instances(quick(server.url), job, False, said.append) == ()
    assert "one is drafted, since " in said[-1]
    assert why in said[-1]


def test_a_command_is_drafted_as_one_and_its_key_is_told() -> None:
    said: list[str] = []
    job = ScrapeJob(reads=("http://api-1:80", "http://api-2:80"))
    assert instances(quick("http://127.0.0.1:9"), job, True, said.append) == ()
    assert said[-1] == "  to have all verified: `target: {instances: 2}` in the contract"
