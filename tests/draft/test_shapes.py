"""Drafts of services of less usual shapes: queries, workers and exporters, releases, forked workers, paths twice."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from promproof.cli.init import counted_as
from promproof.draft import metrics, traffic
from promproof.draft.contract import Service, contract
from promproof.draft.drafting import Wishes, files, look
from promproof.draft.folder import elsewhere
from promproof.draft.observed import Batch, Observed, Probe
from promproof.draft.probing import Target, observe, try_routes
from promproof.draft.recognise import MORE, READINGS, recognise
from promproof.draft.routes import Choice, Route
from promproof.draft.service import Running, figures
from promproof.exposition import Exposition, parse
from promproof.load import scenario
from promproof.load.models import Step
from tests.draft.readings import ITEM, ITEMS, UNKNOWN, counter, observed
from tests.draft.test_probing import Server, quick, serving

pytestmark = pytest.mark.unit
BOOKS = "/graphql?query=%7Bbooks%7Bid%7D%7D&n="


def section(seen: Observed) -> str:
    found = recognise(seen)
    return "\n".join(
        [
            *metrics.metrics(seen, found, "/metrics", frozenset()),
            *metrics.unpromised(seen, found, frozenset()),
        ]
    )


def test_braces_in_a_query_are_no_placeholders() -> None:
    asked = Route("GET", "/shelves/{id}?query={books{title}}")
    assert asked.parameters == ("id",)
    assert asked.template == asked.path
    assert asked.filled({"id": "1"}) == "/shelves/1?query={books{title}}"


def test_a_query_is_drafted_as_one_that_the_scenario_takes(tmp_path: Path) -> None:
    step = traffic.step(Probe("GET", BOOKS, "/graphql", 200), recognise(observed(lambda sent, reads: "")))
    assert step == {"request": "GET /graphql", "query": {"query": "{{books{{id}}}}", "n": ""}}
    text = traffic.scenario("library", [Probe("GET", BOOKS, BOOKS, 200)], recognise(EMPTY), [])
    (tmp_path / "traffic.yaml").write_text(text, encoding="utf-8")
    [played] = scenario.load(tmp_path / "traffic.yaml").mix
    assert isinstance(played.steps[0], Step)
    assert played.steps[0].endpoint == BOOKS


EMPTY = observed(lambda sent, reads: "")


def test_a_query_tells_routes_apart_only_where_several_have_its_path() -> None:
    answers = {"/find?q=a": (200, ""), "/items?page=1": (200, ""), "/items?page=2": (200, "")}
    routes = [Route("GET", path) for path in answers]
    with serving(Server(answers)) as server:
        tried = try_routes(quick(server), Choice(()), routes)
    assert [probe.route for probe in tried.probes] == ["/find", "/items?page=1", "/items?page=2", "unmatched"]


def test_what_says_the_release_is_no_constant() -> None:
    def rows(sent: dict[Probe, int], reads: int) -> str:
        release = 'version="2.4.1",commit="9f3c2ab",image="shop:v2",app="shop",protocol_version="h2"'
        return counter("r_total", {f'{release},path="{p.route}"': n for p, n in sent.items()})

    seen = observed(rows)
    labels = {entry["name"]: entry for entry in yaml.safe_load(section(seen))["metrics"]}["r_total"]["labels"]
    assert labels["version"] == labels["commit"] == labels["image"] == {"from": "anything"}
    assert labels["app"] == {"from": "constant", "values": ["shop"]}
    assert labels["protocol_version"] == {"from": "constant", "values": ["h2"]}
    assert "commit, image, version: each release has its own" in section(seen)
    assert "Nothing explains" not in section(seen)


def test_what_counts_readings_alone_is_told_so() -> None:
    seen = observed(lambda sent, reads: counter("scrapes_total", {'a="b"': reads}))
    assert recognise(seen).others == {"scrapes_total": READINGS}


def test_a_worker_without_requests_has_its_counters_promised_by_form_and_movement() -> None:
    def text(jobs: int, rare: int) -> Exposition:
        return parse(counter("jobs_total", {'q="a"': jobs}) + counter("retries_total", {'q="a"': rare}))

    readings = [text(0, 0), text(3, 0), text(5, 1), text(9, 1)]
    seen = Observed(readings[0], tuple(Batch(None, 0, 0.1, reading) for reading in readings[1:]))
    promised = yaml.safe_load(section(seen))["metrics"]
    assert [entry["name"] for entry in promised] == ["jobs_total"], (
        "once alone may be rarer than a run is long"
    )
    assert "jobs_total" not in metrics.still(seen, recognise(seen))


def test_what_moves_only_with_a_request_that_is_not_sent_again_is_not_promised() -> None:
    limited = Probe("GET", "/search", "/search", 200)

    def rows(sent: dict[Probe, int], reads: int) -> str:
        return counter("limited_total", {'a="b"': 3 * sent.get(limited, 0)})

    seen = observed(rows, (ITEMS, ITEM, UNKNOWN, limited))
    spoilt = tuple(
        Batch(batch.probe, batch.times - 1, batch.seconds, batch.after, batch.probe == limited)
        for batch in seen.batches
    )
    assert "- name: limited_total" in section(seen)
    assert "- name: limited_total" not in section(Observed(seen.before, spoilt))


def test_metrics_with_time_stamps_of_their_own_are_named() -> None:
    last = parse('# TYPE wind gauge\nwind{a="b"} 4 1700000000000\n# TYPE rain counter\nrain 4\n')
    assert metrics.stamped(last) == ("wind",)
    text = contract(Service("weather", stamped=metrics.stamped(last)), [])
    assert yaml.safe_load(text)["target"] == {"stamped": ["wind"]}


class Telling(Target):
    """A service that shows the figures of this process."""

    def read(self) -> Exposition:
        return parse(f"# TYPE process_open_fds gauge\nprocess_open_fds {len(os.listdir('/proc/self/fd'))}\n")


def test_figures_that_another_listening_process_shows_as_well_are_not_promised() -> None:
    target = Telling("http://127.0.0.1:1")
    assert figures(Running(target, os.getpid())) == {"open_descriptors"}
    assert figures(Running(target, os.getpid(), (os.getpid(),))) == frozenset()


@pytest.mark.parametrize(
    ("jobs", "path"),
    [
        ("[{job_name: shop, metrics_path: /metrics/}]", "/metrics/"),
        ("[{job_name: shop}, {job_name: other, metrics_path: /metrics/}]", "/metrics"),
    ],
    ids=["its own", "another one's"],
)
def test_metrics_are_read_where_the_folder_reads_them(jobs: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(f"scrape_configs: {jobs}\n", encoding="utf-8")
    page = Server({"/metrics/": (200, "# TYPE a gauge\na 1\n")})
    page.counts["/", "200"] = 1
    with serving(page) as server:
        wishes = Wishes(monitoring=tmp_path, name="shop", job="shop" if path == "/metrics/" else None)
        target = quick(server)
        try:
            seen = look(Running(target), wishes, lambda line: None)
        finally:
            target.close()
    assert target.metrics_path == path
    assert (f"metrics_path: {path}" in files(seen, wishes, {}, lambda line: None)["contract.yaml"]) == (
        path != "/metrics"
    )


@pytest.mark.parametrize(("more", "told"), [(0, None), (1, MORE.format(more=1))], ids=["all", "one more"])
def test_requests_that_something_else_sends_as_it_starts_leave_no_count_exact(
    more: int, told: str | None
) -> None:
    asked = 3

    def rows(sent: dict[Probe, int], reads: int) -> str:
        return counter("r_total", {'app="shop"': asked + more + sum(sent.values())})

    seen = recognise(replace(observed(rows), asked=asked))
    assert seen.others.get("r_total") == told
    assert ("r_total" in seen.counting) == (told is None)


def test_a_started_service_is_told_how_many_requests_it_was_sent() -> None:
    with serving(Server({"/": (200, "")})) as server:
        target = quick(server)
        assert observe(target, []).asked is None
        target.asked = 2
        target.get("/")
        assert observe(target, []).asked == 4, "with the reading itself"
        target.close()


def test_labels_that_are_always_the_same_are_told_at_the_end() -> None:
    def rows(sent: dict[Probe, int], reads: int) -> str:
        return counter("r_total", {f'app="shop",path="{p.route}",zone="eu"': n for p, n in sent.items()})

    assert counted_as(recognise(observed(rows)).counting["r_total"]) == (
        "requests by path = route; always the same: app, zone"
    )


def test_a_monitoring_folder_of_another_name_is_told_where_there_is_one_alone(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    assert elsewhere(tmp_path) == ""
    for name in ("ops/watch/prometheus", "node_modules/x", ".cache"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "prometheus.yml").write_text("{}", encoding="utf-8")
    assert elsewhere(tmp_path) == "ops/watch"
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "prometheus.yml").write_text("{}", encoding="utf-8")
    assert elsewhere(tmp_path) == "", "nobody knows which"
    assert elsewhere(tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("shop_nodejs_gc_duration_seconds", True),
        ("shop_process_cpu_user_seconds_total", True),
        ("shop_python_gc_objects_collected_total", True),
        ("order_process_seconds", False),
        ("jobs_process_total", False),
        ("shop_go_live_total", False),
    ],
)
def test_what_a_library_tells_of_its_own_process_is_known_under_a_prefix(name: str, is_known: bool) -> None:
    assert metrics.is_librarys(name) == is_known
