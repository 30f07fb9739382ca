"""Which metrics count requests, and what each of their labels holds: on recorded services and on made-up ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from promproof.draft.metrics import counted, label, metrics
from promproof.draft.observed import Observed, Probe
from promproof.draft.recognise import Recognised, of_every_start, recognise, source_of
from promproof.exposition import parse
from tests.draft.readings import ITEM, ITEMS, PROBES, UNKNOWN, counter, observed, recorded

pytestmark = pytest.mark.unit


def sources(found: Recognised) -> dict[str, dict[str, str]]:
    return {name: dict(counting.sources) for name, counting in found.counting.items()}


def durations(found: Recognised) -> set[str]:
    return {name for name, counting in found.counting.items() if counting.durations}


def test_a_plain_service_with_labels_of_its_own_is_recognised() -> None:
    found = recognise(recorded("plain"))
    assert sources(found) == {
        "shop_requests_total": {"code": "status", "path": "route", "verb": "method_lower"},
        "shop_request_seconds": {"path": "route"},
    }
    assert durations(found) == {"shop_request_seconds"}
    assert found.others["shop_items"] == "did not move under the requests that were sent"


def test_prometheus_fastapi_instrumentator_is_recognised_with_its_status_classes() -> None:
    found = recognise(recorded("fastapi"))
    assert sources(found) == {
        "http_requests_total": {"handler": "route", "method": "method", "status": "status_class"},
        "http_request_size_bytes": {"handler": "route"},
        "http_response_size_bytes": {"handler": "route"},
        "http_request_duration_highr_seconds": {},
        "http_request_duration_seconds": {"handler": "route", "method": "method"},
    }
    assert durations(found) == {"http_request_duration_highr_seconds", "http_request_duration_seconds"}
    assert all(counting.own is not None for counting in found.counting.values())


def test_prometheus_flask_exporter_is_recognised_though_its_counter_lacks_the_route() -> None:
    found = recognise(recorded("flask"))
    assert sources(found) == {
        "flask_http_request_duration_seconds": {"method": "method", "path": "route", "status": "status"},
        "flask_http_request_total": {"method": "method", "status": "status"},
    }
    assert all(counting.own is None for counting in found.counting.values())


def test_starlette_exporter_is_recognised_with_its_constant_and_uncounted_paths() -> None:
    found = recognise(recorded("starlette"))
    assert sources(found)["starlette_requests_total"] == {
        "app_name": "constant",
        "method": "method",
        "path": "route",
        "status_code": "status",
    }
    assert {probe.route for probe in found.uncounted} == {"unmatched"}


def rows(sent: dict[Probe, int], label: Callable[[Probe], str], factor: float = 1) -> dict[str, float]:
    found: dict[str, float] = {}
    for probe, times in sent.items():
        found[label(probe)] = found.get(label(probe), 0) + factor * times
    return found


def by_all(probe: Probe) -> str:
    return f'method="{probe.method}",route="{probe.route}",status="{probe.status}"'


def told(observation: Observed, name: str = "requests_total") -> str:
    found = recognise(observation)
    assert name not in found.counting
    return found.others[name]


def test_a_counter_that_rises_by_two_for_a_request_is_no_count_of_requests() -> None:
    doubled = observed(lambda sent, reads: counter("requests_total", rows(sent, by_all, 2)))
    assert told(doubled) == "4 x GET /items raise it by 8"


def test_a_counter_that_moves_by_itself_is_no_count_of_requests() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("requests_total", {**rows(sent, by_all), 'job="cleaner"': 3 * reads})

    assert told(observed(write)) == "moves by itself, without a request"


def test_the_readings_own_requests_are_set_aside_also_in_a_shared_series() -> None:
    found = recognise(
        observed(lambda sent, reads: counter("requests_total", {'a="b"': sum(sent.values()) + reads}))
    )
    assert sources(found) == {"requests_total": {"a": "constant"}}
    assert found.counting["requests_total"].own == (("a", "b"),)


def test_a_counter_of_errors_alone_is_no_count_of_requests_where_another_counts_all() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        failed = {probe: times for probe, times in sent.items() if probe.status >= 400}
        return counter("requests_total", rows(sent, by_all)) + counter("errors_total", rows(failed, by_all))

    found = recognise(observed(write))
    assert list(found.counting) == ["requests_total"]
    assert found.others["errors_total"].startswith("counts some requests and not others")


def test_a_counter_that_goes_backwards_is_that_of_several_processes() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        torn = sum(sent.values()) // (2 if reads % 2 else 1)
        return counter("torn_total", {'a="x"': torn}) + counter("whole_total", {'a="x"': sum(sent.values())})

    seen = observed(write)
    assert seen.torn == ("torn_total",)
    found = recognise(seen)
    assert list(found.counting) == ["whole_total"]
    assert "several processes behind one port" in found.others["torn_total"]


def test_a_counter_that_leaves_out_paths_of_no_route_or_a_method_says_which() -> None:
    new = Probe("POST", "/items", "/items", 201)

    def write(sent: dict[Probe, int], reads: int) -> str:
        routed = {probe: times for probe, times in sent.items() if probe.route != "unmatched"}
        read = {probe: times for probe, times in sent.items() if probe.method == "GET"}
        return "".join(
            counter(f"{name}_total", rows(given, lambda _: 'app="x"'))
            for name, given in (("all", sent), ("routed", routed), ("read", read))
        )

    found = recognise(observed(write, [*PROBES, new]))
    assert {name: counting.left for name, counting in found.counting.items()} == {
        "all_total": None,
        "routed_total": ("route", ("unmatched",)),
        "read_total": ("method", ("POST",)),
    }


def test_a_metric_of_the_one_request_with_a_body_has_the_labels_that_others_explain() -> None:
    post = Probe("POST", "/items", "/items", 201)

    def write(sent: dict[Probe, int], reads: int) -> str:
        rows = {
            f'verb="{probe.method}",code="{probe.status}",path="{probe.route}",http="1.1"': float(times)
            for probe, times in sent.items()
        }
        bodies = {labels: times for labels, times in rows.items() if "POST" in labels}
        return counter("bodies_total", bodies) + counter("all_total", rows)

    found = recognise(observed(write, (*PROBES, post)))
    assert sources(found)["bodies_total"] == sources(found)["all_total"]
    assert found.counting["bodies_total"].left == ("method", ("GET",))
    assert not found.others


def test_a_label_that_nothing_explains_may_be_anything_and_the_draft_says_so() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("requests_total", rows(sent, lambda probe: f'kind="{probe.status // 100}"'))

    seen = observed(write)
    found = recognise(seen)
    assert found.counting["requests_total"].sources == {"kind": "anything"}
    text = "\n".join(metrics(seen, found, "/metrics", frozenset()))
    assert "Nothing explains kind: series that differ in it alone are added up" in text
    assert "kind: {from: anything}" in text


def test_one_probe_alone_tells_no_constant_from_a_route() -> None:
    alone = observed(lambda sent, reads: counter("requests_total", rows(sent, lambda _: 'app="x"')), [ITEMS])
    assert told(alone).startswith("nothing explains its label app")


def test_a_route_is_told_from_a_constant_by_its_value_where_one_probe_is_all_there_is() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("requests_total", rows(sent, lambda probe: f'path="{probe.path}"'))

    assert sources(recognise(observed(write, [ITEMS]))) == {"requests_total": {"path": "route"}}


def test_a_method_of_get_alone_is_a_method_by_its_value() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("requests_total", rows(sent, lambda probe: 'verb="get"'))

    assert sources(recognise(observed(write))) == {"requests_total": {"verb": "method_lower"}}


def histogram(name: str, seconds: float) -> Callable[[dict[Probe, int], int], str]:
    def write(sent: dict[Probe, int], reads: int) -> str:
        count = sum(sent.values())
        return (
            f"# HELP {name} Text.\n# TYPE {name} histogram\n"
            f'{name}_bucket{{le="+Inf"}} {count}\n{name}_count {count}\n{name}_sum {seconds * count}\n'
        )

    return write


def test_a_histogram_whose_sum_is_less_than_the_client_waited_observes_durations() -> None:
    found = recognise(observed(histogram("took_seconds", 0.001)))
    assert found.counting["took_seconds"].durations
    assert not found.counting["took_seconds"].doubt


def test_milliseconds_under_a_name_that_says_seconds_are_told_and_not_believed() -> None:
    counting = recognise(observed(histogram("took_seconds", 40.0))).counting["took_seconds"]
    assert counting.durations
    assert "milliseconds?" in counting.doubt


def test_milliseconds_under_a_name_that_says_so_are_durations_in_milliseconds() -> None:
    counting = recognise(observed(histogram("took_ms", 20.0))).counting["took_ms"]
    assert (counting.durations, counting.unit, counting.doubt) == (True, "milliseconds", "")


def test_sizes_are_counts_of_requests_and_no_durations() -> None:
    counting = recognise(observed(histogram("answer_size_bytes", 0.001))).counting["answer_size_bytes"]
    assert not counting.durations


def test_a_probe_with_changing_answers_tells_nothing_and_spoils_nothing() -> None:
    whole = observed(lambda sent, reads: counter("requests_total", rows(sent, by_all)))
    batches = tuple(
        replace(batch, times=1, spoilt=True) if batch.probe == UNKNOWN else batch for batch in whole.batches
    )
    found = recognise(Observed(whole.before, batches))
    assert set(found.counting["requests_total"].seen) == set(PROBES) - {UNKNOWN}
    assert not found.uncounted


def test_nothing_is_recognised_where_nothing_moves() -> None:
    found = recognise(observed(lambda sent, reads: counter("requests_total", {'a="b"': 7})))
    assert not found.counting
    assert not found.uncounted


@pytest.mark.parametrize("words", [{200: "200 OK", 404: "404 Not Found"}, {200: "OK", 404: "Not Found"}])
def test_a_status_in_words_is_a_status_under_other_words(words: dict[int, str]) -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        return counter("r_total", rows(sent, lambda probe: f'status="{words[probe.status]}"'))

    found = recognise(observed(write)).counting["r_total"]
    assert found.sources == {"status": "status"}
    assert label(found, "status", "/metrics") == {
        "from": "status",
        "as": {str(status): told for status, told in words.items()},
    }


def test_two_words_for_one_status_on_one_route_are_explained_by_nothing() -> None:
    post = Probe("POST", ITEMS.path, ITEMS.route, 200)
    assert source_of({ITEMS: "200 OK", post: "200 Fine"}) is None


def test_of_two_labels_that_go_with_the_route_the_one_with_paths_is_taken() -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        def labels(probe: Probe) -> str:
            return f'pod="shop-{len(probe.route) % 3}",path="{probe.route}"'

        return counter("r_total", rows(sent, labels))

    found = recognise(observed(write)).counting["r_total"]
    assert found.sources == {"path": "route", "pod": "anything"}


@pytest.mark.parametrize("status", [500, 404], ids=["what failed", "what was not found"])
def test_a_counter_of_what_the_service_failed_is_known_by_one_such_request(status: int) -> None:
    failing = Probe("GET", "/fail", "/fail", status)

    def write(sent: dict[Probe, int], reads: int) -> str:
        failed = {probe: times for probe, times in sent.items() if probe == failing}
        return counter("r_total", rows(sent, by_all)) + counter("failures_total", rows(failed, lambda _: ""))

    found = recognise(observed(write, (*PROBES, failing)))
    if status < 500:  # the route may be why as well
        assert "counts some requests and not others" in found.others["failures_total"]
        return
    told = counted(found.counting["failures_total"], parse(""), "/metrics")
    assert told["truth"] == {"kind": "requests", "where": {"status": "5.."}}


def test_what_one_metric_alone_counts_is_counted_and_left_out_of_the_others() -> None:
    failing = Probe("GET", "/fail", "/fail", 500)

    def write(sent: dict[Probe, int], reads: int) -> str:
        failed = {probe: times for probe, times in sent.items() if probe == failing}
        good = {probe: times for probe, times in sent.items() if probe in (ITEMS, ITEM)}
        return counter("good_total", rows(good, by_all)) + counter(
            "failures_total", rows(failed, lambda _: "")
        )

    found = recognise(observed(write, (*PROBES, failing)))
    assert found.uncounted == {UNKNOWN}
    assert found.counting["good_total"].left == ("status", ("500",))
    assert found.counting["failures_total"].failed


def test_reads_and_writes_that_are_counted_apart_leave_each_other_out() -> None:
    post = Probe("POST", "/items", "/items", 201)

    def write(sent: dict[Probe, int], reads: int) -> str:
        by = {
            kind: {p: n for p, n in sent.items() if (p.method == "POST") is (kind == "writes")}
            for kind in ("reads", "writes")
        }
        return "".join(counter(f"{kind}_total", rows(part, by_all)) for kind, part in by.items())

    found = recognise(observed(write, (*PROBES, post)))
    assert not found.uncounted
    assert {name: counting.left for name, counting in found.counting.items()} == {
        "reads_total": ("method", ("POST",)),
        "writes_total": ("method", ("GET",)),
    }


@pytest.mark.parametrize(
    ("value", "source"),
    [("127.0.0.1:8123", "anything"), ("8123", "anything"), ("18123", "constant"), ("v8.1", "constant")],
)
def test_what_the_next_start_says_otherwise_is_no_constant(value: str, source: str) -> None:
    def write(sent: dict[Probe, int], reads: int) -> str:
        rows = {
            f'code="{probe.status}",host="{value}",path="{probe.route}"': float(n)
            for probe, n in sent.items()
        }
        return counter("hits_total", rows)

    found = of_every_start(recognise(observed(write, (ITEMS, ITEM, UNKNOWN))), (8123, 9))
    assert sources(found)["hits_total"]["host"] == source
    kept = of_every_start(recognise(observed(write, (ITEMS, ITEM, UNKNOWN))), ())
    assert sources(kept)["hits_total"]["host"] == "constant"


def outcomes(words: dict[int, str]) -> Recognised:
    """A counter with the status and an outcome in words; one path answers as no other does."""
    broken = Probe("GET", "/broken", "/broken", 500)

    def write(sent: dict[Probe, int], reads: int) -> str:
        rows = {
            f'outcome="{words[probe.status]}",status="{probe.status}",uri="{probe.route}"': times
            for probe, times in sent.items()
        }
        return counter("hits_total", {labels: float(times) for labels, times in rows.items()})

    return recognise(observed(write, (*PROBES, broken)))


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_an_outcome_in_micrometers_words_is_a_class_of_status_of_which_every_word_is_known(
    case: Callable[[str], str],
) -> None:
    words = {200: case("SUCCESS"), 404: case("CLIENT_ERROR"), 500: case("SERVER_ERROR")}
    counting = outcomes(words).counting["hits_total"]
    assert counting.sources["outcome"] == "status_class"
    told = label(counting, "outcome", "/metrics")
    assert told["from"] == "status_class"
    assert told["as"]["3xx"] == case("REDIRECTION"), "also of a class that no request had"


def test_an_outcome_in_other_words_or_of_another_class_is_explained_by_nothing() -> None:
    said = {200: "SUCCESS", 404: "SUCCESS", 500: "SERVER_ERROR"}
    assert outcomes(said).counting["hits_total"].sources["outcome"] == "anything"


def test_a_status_beyond_the_known_classes_is_no_outcome_and_no_crash() -> None:
    odd = Probe("GET", "/odd", "/odd", 999)
    values = {ITEMS: "SUCCESS", UNKNOWN: "CLIENT_ERROR"}
    assert source_of(values) == "status_class"
    assert source_of({**values, odd: "SERVER_ERROR"}) != "status_class"
    assert source_of({**values, odd: ""}) != "status_class"
