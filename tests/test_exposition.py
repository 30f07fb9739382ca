"""Reading what a target exposes, in both formats and whatever it is called."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, Counter, Enum, Histogram, Info, Summary, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics import exposition as openmetrics

from promproof.exposition import parse, selector, series_text
from promproof.observe.asking import headers_of

pytestmark = pytest.mark.unit
generate_openmetrics: Callable[[CollectorRegistry], bytes] = openmetrics.generate_latest  # it has no types


def library() -> CollectorRegistry:
    """One family of each kind, with texts that are hard to read."""
    registry = CollectorRegistry()
    hits = Counter("hits", 'Hits, "all".', ["path"], registry=registry)
    hits.labels("a # {b").inc(exemplar={"trace": "abc"})
    hits.labels('"}').inc()
    took = Histogram("took_seconds", "Took.", ["path"], registry=registry)
    took.labels("a").observe(1, exemplar={"trace": "1"})
    took.labels("b").observe(2)
    size = Summary("size_bytes", "Size.", ["path"], registry=registry)
    size.labels("a").observe(1)
    size.labels("b").observe(1)
    Info("build", "Build.", registry=registry).info({"version": "1"})
    Enum("state", "State.", states=["a", "b"], registry=registry).state("b")
    return registry


def test_openmetrics_with_exemplars_and_created_reads_as_the_text_format_does() -> None:
    registry = library()
    text = parse(generate_latest(registry).decode())
    open_metrics = parse(generate_openmetrics(registry).decode())
    assert text.values == open_metrics.values
    assert not open_metrics.duplicates
    assert not open_metrics.stamped
    promised = ("hits_total", "took_seconds", "size_bytes", "build_info", "state")
    assert [text.families[name].help for name in promised] == [
        open_metrics.families[name].help for name in promised
    ]
    assert [open_metrics.families[name].type for name in promised] == [
        "counter",
        "histogram",
        "summary",
        "info",
        "stateset",
    ]


def test_a_counter_without_total_keeps_its_name() -> None:
    found = parse('# TYPE hits counter\nhits{path="/"} 3\n')
    assert found.series("hits") == {(("path", "/"),): 3.0}
    assert found.families["hits"].type == "counter"


def test_names_in_utf_8_are_read() -> None:
    found = parse('# HELP "my.hits" Mine.\n# TYPE "my.hits" counter\n{"my.hits","the.path"="/"} 3\n')
    assert found.series("my.hits") == {(("the.path", "/"),): 3.0}
    assert (found.families["my.hits"].type, found.families["my.hits"].help) == ("counter", "Mine.")


def test_a_unit_and_the_end_of_openmetrics_are_no_series() -> None:
    found = parse("# TYPE took_seconds summary\n# UNIT took_seconds seconds\ntook_seconds_count 1\n# EOF\n")
    assert found.values == {("took_seconds_count", ()): 1.0}


def test_a_time_stamp_is_reported() -> None:
    assert parse("# TYPE hits gauge\nhits 3 1700000000000\n").stamped == ("hits",)


SAID = '# TYPE hits counter\nhits{path="/ x"} %s\n# HELP size Size.\n# TYPE size gauge\nsize %s\n'


def test_the_same_series_are_read_with_other_values_and_with_the_first() -> None:
    seen = [parse(SAID % pair).values for pair in [("1", "2"), ("NaN", "+Inf"), ("3e2", "-4")]]
    assert [list(map(str, values.values())) for values in seen] == [
        ["1.0", "2.0"],
        ["nan", "inf"],
        ["300.0", "-4.0"],
    ]
    assert seen[0].keys() == seen[2].keys() == {("hits", (("path", "/ x"),)), ("size", ())}


@pytest.mark.parametrize("value", ["1_0", "x", "", "1 }", "0x1"])
def test_a_value_that_is_no_number_is_malformed_even_in_a_series_read_before(value: str) -> None:
    parse(SAID % ("1", "2"))
    with pytest.raises(ValueError, match=r".*"):
        parse(SAID % ("1", value))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("size{ 1", "'size{ 1': could not convert"),
        ('size{a="x" 2', "'size{a=\"x\" 2': could not convert"),
        ("s" * 100 + " x", f"'{'s' * 80}...': could not convert"),
    ],
)
def test_a_malformed_line_is_named(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        parse(f"# TYPE hits counter\nhits 1\n# TYPE size gauge\nsize 1\n{line}\n")
    assert str(caught.value).startswith(said)


def test_a_time_stamp_is_told_even_in_a_series_read_before() -> None:
    assert parse(SAID % ("1", "2")).stamped == ()
    assert parse(SAID % ("1", "2 1700000000000")).stamped == ("size",)


def test_a_series_that_stands_twice_is_told_at_every_reading() -> None:
    twice = SAID + 'hits{path="/ x"} 5\n'
    for value in "12":
        found = parse(twice % (value, "2"))
        assert found.duplicates == ('hits{path="/ x"}',)
        assert found.series("hits") == {(("path", "/ x"),): float(value)}


def test_names_of_any_characters_are_read_in_both_formats_and_written_as_promql_has_them() -> None:
    text = (
        '# TYPE "http.requests_total" counter\n'
        '{"http.requests_total",path="/","code.x"="200"} 4 # {trace_id="ab"} 1 1520879607.789\n'
    )
    for format_ in (text, text.replace('_total" counter', '" counter') + "# EOF\n"):
        found = parse(format_)
        assert found.families["http.requests_total"].type == "counter"
        [(series, value)] = found.values.items()
        assert value == 4
        assert series_text(*series) == '{"http.requests_total","code.x"="200",path="/"}'
    assert found.stamped == ()
    assert selector("http.requests_total", 'job="a"') == '{__name__="http.requests_total",job="a"}'
    assert selector("r_total", 'job="a"') == 'r_total{job="a"}'
    assert selector("job:up:sum") == "job:up:sum"


def answered(version: str) -> list[str]:
    """The families that Prometheus' own Python library exposes to whoever asks as a Prometheus of a version does."""
    registry = CollectorRegistry()
    Counter("http.requests", "", registry=registry).inc()
    encoder, _ = choose_encoder(headers_of(version)["Accept"])
    return sorted(parse(encoder(registry).decode()).families)


def test_names_are_asked_for_as_the_prometheus_of_the_run_does() -> None:
    assert "http.requests_total" in answered("3.5.3+ds1")
    assert "http_requests_total" in answered("2.42.0+ds")
    assert "http_requests_total" in answered("")


def test_the_header_of_the_scrape_job_goes_along() -> None:
    assert headers_of("3.5.3", "Bearer abc")["Authorization"] == "Bearer abc"
    assert "Authorization" not in headers_of("3.5.3")
