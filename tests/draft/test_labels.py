"""Labels and units in other words: two labels for one thing, successes, untyped counts; what a draft says of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from promproof.cli.init import counted_as
from promproof.contract.model import Metric
from promproof.draft.metrics import counted, label, metrics
from promproof.draft.observed import Probe
from promproof.draft.recognise import Counting, recognise
from promproof.exposition import parse
from promproof.truth.requests import counting as truth_of
from tests.draft.readings import ITEM, ITEMS, PROBES, UNKNOWN, counter, observed

pytestmark = pytest.mark.unit

FAILING = Probe("GET", "/fail", "/fail", 500)
MISSING = Probe("GET", "/items/9", "/items/9", 404)
POSTED = Probe("POST", "/items", "/items", 201)
ALL = (*PROBES, FAILING, MISSING)


def drafted(
    labels: Callable[[Probe], str], probes: tuple[Probe, ...] = ALL, kind: str = "counter"
) -> Counting:
    def write(sent: dict[Probe, int], reads: int) -> str:
        rows: dict[str, float] = {}
        for probe, times in sent.items():
            rows[labels(probe)] = rows.get(labels(probe), 0) + times
        return counter("hits_total", rows, kind)

    return recognise(observed(write, probes)).counting["hits_total"]


def promised(found: Counting) -> dict[Probe, Mapping[str, str]]:
    """By probe the label set that the drafted metric demands of it."""
    metric = Metric.model_validate(counted(found, parse(""), "/metrics"))
    told = {probe: truth_of(metric).labels("GET", probe.route, str(probe.status)) for probe in found.seen}
    return {probe: dict(labels or ()) for probe, labels in told.items()}


def test_two_labels_that_tell_the_route_apart_are_both_promised() -> None:
    handlers = {
        "/items": "list",
        "/items/{item_id}": "show",
        "unmatched": "none",
        "/fail": "fail",
        "/items/9": "miss",
    }
    found = drafted(lambda probe: f'handler="{handlers[probe.route]}",url="{probe.path}"')
    assert found.sources == {"handler": "route", "url": "route"}
    assert promised(found)[ITEM] == {"handler": "show", "url": "/items/1"}
    swapped = drafted(lambda probe: f'handler="{probe.path}",url="{handlers[probe.route]}"')
    assert promised(swapped)[ITEM] != promised(found)[ITEM], "a run against the first draft is red"


def test_of_two_labels_with_the_status_both_are_promised() -> None:
    found = drafted(lambda probe: f'code="{probe.status}",path="{probe.path}",status="{probe.status}"')
    assert found.sources == {"code": "status", "path": "route", "status": "status"}
    assert promised(found)[MISSING] == {"code": "404", "path": "/items/9", "status": "404"}


@pytest.mark.parametrize(("good", "bad"), [("true", "false"), ("1", "0"), ("ok", "error"), ("Yes", "No")])
def test_a_label_that_says_whether_a_request_succeeded_is_a_class_of_status(good: str, bad: str) -> None:
    found = drafted(lambda probe: f'ok="{good if probe.status < 400 else bad}",path="{probe.route}"')
    assert label(found, "ok", "/metrics") == {
        "from": "status_class",
        "as": {"2xx": good, "4xx": bad, "5xx": bad},
    }
    assert {probe.status: labels["ok"] for probe, labels in promised(found).items()} == {
        200: good,
        404: bad,
        500: bad,
    }


def test_a_label_that_calls_one_not_found_a_success_and_another_none_is_explained_by_nothing() -> None:
    found = drafted(
        lambda probe: f'ok="{str(probe.status < 400 or probe == MISSING).lower()}",path="{probe.route}"'
    )
    assert found.sources["ok"] == "anything"


@pytest.mark.parametrize(
    "words",
    [
        "CLIENT_ERROR SUCCESS",
        "client_error success",
        "client-error success",
        "ClientError Success",
        "clientError success",
    ],
)
def test_an_outcome_in_any_spelling_is_a_class_of_status_and_the_others_are_spelt_alike(words: str) -> None:
    error, good = words.split()
    found = drafted(
        lambda probe: f'outcome="{good if probe.status < 400 else error}"', (ITEMS, ITEM, MISSING)
    )
    told = label(found, "outcome", "/metrics")
    assert (told["from"], told["as"]["2xx"], told["as"]["4xx"]) == ("status_class", good, error)
    assert told["as"]["5xx"] == error.replace("CLIENT", "SERVER").replace("client", "server").replace(
        "Client", "Server"
    )


def test_an_outcome_that_is_spelt_now_so_and_now_so_is_none() -> None:
    found = drafted(
        lambda probe: f'outcome="{"success" if probe.status < 400 else "CLIENT_ERROR"}"',
        (ITEMS, ITEM, MISSING),
    )
    assert found.sources["outcome"] != "status_class"


def test_a_label_that_says_whether_a_route_matched_is_no_class_of_status() -> None:
    found = drafted(lambda probe: f'known="{str(probe != UNKNOWN).lower()}",path="{probe.route}"', PROBES)
    assert found.sources["known"] == "anything"


def test_a_success_by_another_measure_than_the_status_is_promised_for_the_classes_that_were_seen() -> None:
    found = drafted(lambda probe: f'error="{str(probe.status >= 500).lower()}",path="{probe.route}"')
    assert label(found, "error", "/metrics")["as"] == {"2xx": "false", "4xx": "false", "5xx": "true"}
    alone = drafted(lambda probe: f'error="{str(probe.status >= 500).lower()}"', (ITEMS, ITEM, FAILING))
    assert label(alone, "error", "/metrics")["as"] == {"2xx": "false", "5xx": "true"}, (
        "of 4xx nothing is known"
    )


@pytest.mark.parametrize("said", ["not_found", "NotFound", "not-found", "Not Found"])
def test_a_status_in_words_may_be_spelt_as_a_name(said: str) -> None:
    words = {200: "ok", 404: said, 500: "internal_server_error"}
    found = drafted(lambda probe: f'path="{probe.route}",result="{words[probe.status]}"')
    assert label(found, "result", "/metrics") == {
        "from": "status",
        "as": {str(status): word for status, word in words.items()},
    }


def test_a_word_for_another_status_is_explained_by_nothing() -> None:
    words = {200: "ok", 404: "forbidden", 500: "bad_gateway"}
    found = drafted(lambda probe: f'path="{probe.route}",result="{words[probe.status]}"')
    assert found.sources["result"] == "anything"


def test_a_count_without_a_type_is_a_count_of_requests() -> None:
    found = drafted(lambda probe: f'path="{probe.route}",status="{probe.status}"', kind="untyped")
    assert found.sources == {"path": "route", "status": "status"}
    told = counted(found, parse(""), "/metrics")
    assert (told["type"], told["truth"]) == ("untyped", {"kind": "requests"})


def test_what_has_no_type_and_rises_otherwise_is_none_and_is_not_promised_to_move() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return f"busy {sum(sent.values()) % 3}\nseconds {0.01 * sum(sent.values())}\ndoubled {2 * sum(sent.values())}\n"

    seen = observed(write)
    assert not recognise(seen).counting
    assert not seen.torn, "a figure without a type may fall"


def histogram(name: str, of_one: float) -> Callable[[dict[Probe, int], int], str]:
    def write(sent: dict[Probe, int], reads: int) -> str:
        count = sum(sent.values())
        return (
            f"# HELP {name} Text.\n# TYPE {name} histogram\n"
            f'{name}_bucket{{le="+Inf"}} {count}\n{name}_count {count}\n{name}_sum {of_one * count}\n'
        )

    return write


@pytest.mark.parametrize(
    ("name", "of_one", "unit"),
    [
        ("took_us", 900.0, "microseconds"),
        ("took_microseconds", 900.0, "microseconds"),
        ("took_ns", 900e3, "nanoseconds"),
        ("shop_us_took_seconds", 0.001, ""),
    ],
)
def test_a_name_that_ends_with_a_unit_observes_durations_in_it(name: str, of_one: float, unit: str) -> None:
    found = recognise(observed(histogram(name, of_one))).counting[name]
    assert (found.durations, found.unit) == (True, unit)


def test_more_microseconds_than_the_client_waited_are_no_durations() -> None:
    assert not recognise(observed(histogram("took_us", 900e3))).counting["took_us"].durations


def proxied(other: float, *, counts_readings: bool = False) -> Counting:
    """A count by proxy: every request goes to one, and another has a series of its own."""

    def write(sent: dict[Probe, int], reads: int) -> str:
        rows: dict[str, float] = {'proxy="www"': sum(sent.values())}
        return counter("hits_total", rows | {'proxy="stats"': float(reads if counts_readings else other)})

    return recognise(observed(write)).counting["hits_total"]


@pytest.mark.parametrize("other", [0.0, 7.0])
def test_a_value_that_other_series_do_not_have_is_told_by_the_route_and_is_no_constant(other: float) -> None:
    found = proxied(other)
    assert label(found, "proxy", "/metrics") == {
        "from": "route",
        "as": {probe.route: "www" for probe in PROBES},
    }
    assert set(map(str, promised(found).values())) == {"{'proxy': 'www'}"}


def test_readings_that_are_counted_elsewhere_are_told_by_their_path() -> None:
    found = proxied(0, counts_readings=True)
    assert found.own == (("proxy", "stats"),)
    metric = Metric.model_validate(counted(found, parse(""), "/stats/metrics"))
    assert truth_of(metric).labels("GET", "/stats/metrics", "200") == (("proxy", "stats"),)


def apart(is_counted: Callable[[Probe], bool]) -> tuple[Metric, Counting]:
    """The drafted metric of what is counted of ALL, at a service that does not count its health path."""

    def write(sent: dict[Probe, int], reads: int) -> str:
        part = sum(times for probe, times in sent.items() if is_counted(probe))
        return counter("part_total", {"": part}) + counter("all_total", {"": sum(sent.values())})

    found = recognise(observed(write, (*ALL, POSTED))).counting["part_total"]
    return Metric.model_validate(counted(found, parse(""), "/metrics", "/live")), found


@pytest.mark.parametrize(
    ("is_counted", "where"),
    [
        (lambda probe: probe.status < 300, {"status": "2.."}),
        (lambda probe: probe.status != 404, {"status": "2..|5.."}),
        (lambda probe: probe.status in (200, 404), {"status": "200|404"}),
        (lambda probe: probe.method == "POST", {"method": "POST"}),
    ],
)
def test_a_metric_of_some_requests_leaves_out_the_health_path_too(
    is_counted: Callable[[Probe], bool], where: dict[str, str]
) -> None:
    metric, _ = apart(is_counted)
    assert metric.truth.model_dump()["where"] == where
    told = truth_of(metric)
    for probe in (*ALL, POSTED):
        assert (told.labels(probe.method, probe.route, str(probe.status)) is not None) is is_counted(probe), (
            probe
        )
    assert told.labels("GET", "/live", "200") is None


def test_a_value_that_all_series_have_stays_a_constant() -> None:
    found = drafted(lambda probe: f'app="shop",path="{probe.route}"')
    assert found.sources["app"] == "constant"


def test_what_is_not_a_number_does_not_move() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("down_total", {"": float("nan")}) + counter("hits_total", {"": sum(sent.values())})

    seen = observed(write)
    assert recognise(seen).others == {"down_total": "did not move under the requests that were sent"}
    assert "down_total" not in "\n".join(metrics(seen, recognise(seen), "/metrics", frozenset()))


@pytest.mark.parametrize(
    ("is_counted", "words"),
    [
        (lambda probe: True, "all requests"),
        (lambda probe: probe.status >= 500, "requests that failed (5xx)"),
        (lambda probe: probe.status < 500, "requests but those with status 500"),
        (lambda probe: probe != UNKNOWN, "requests but those with route unmatched"),
    ],
)
def test_a_user_is_told_which_requests_a_metric_counts(
    is_counted: Callable[[Probe], bool], words: str
) -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        part = sum(times for probe, times in sent.items() if is_counted(probe))
        return counter("part_total", {"": part}) + counter("all_total", {"": sum(sent.values())})

    found = recognise(observed(write, (*PROBES, FAILING))).counting["part_total"]
    assert counted_as(found) == words
    labelled = replace(found, sources={"code": "status"})
    assert counted_as(labelled) == (
        "requests by code = status" if words == "all requests" else f"{words}, by code = status"
    )
