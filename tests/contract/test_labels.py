"""Where the labels of a metric come from, as a contract says it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from promproof.contract.labels import Label, RequestsTruth
from promproof.contract.model import Metric


def truth(**keys: Any) -> RequestsTruth:
    return RequestsTruth.model_validate({"kind": "requests", **keys})


def metric(**keys: Any) -> Metric:
    told = {"name": "m", "type": "counter", "unit": "requests", "help": "M.", "truth": {"kind": "requests"}}
    return Metric.model_validate({**told, **keys})


def test_a_label_without_from_is_what_the_truth_names_or_anything() -> None:
    assert truth().source("status", Label()) == "status"
    assert truth(endpoint="path").source("path", Label()) == "route"
    assert truth(endpoint="path").source("endpoint", Label()) == "anything"
    assert truth().source("endpoint", Label.model_validate({"from": "method"})) == "method"


def test_a_label_is_spelt_by_its_own_words_first_and_then_by_its_case() -> None:
    label = Label.model_validate({"from": "method", "case": "lower", "as": {"PURGE": "_OTHER"}})
    assert [label.spelt("GET"), label.spelt("PURGE")] == ["get", "_OTHER"]


@pytest.mark.parametrize(
    "label",
    [
        {"from": "constant"},
        {"from": "constant", "values": ["a", "b"]},
        {"from": "anything", "case": "lower"},
        {"from": "path"},
    ],
)
def test_a_label_that_makes_no_sense_is_refused(label: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Label.model_validate(label)


def test_a_label_of_a_request_needs_a_truth_of_requests() -> None:
    with pytest.raises(ValidationError, match="label code is of a request"):
        metric(labels={"code": {"from": "status"}}, truth={"kind": "rows", "query": "SELECT 1"})


def test_where_and_except_choose_requests_and_a_status_that_is_not_known_may_be_any() -> None:
    failing = truth(where={"status": "5.."})
    assert failing.counts("GET", "/", "503")
    assert not failing.counts("GET", "/", "404")
    assert failing.counts("GET", "/", "")
    quiet = truth(**{"except": {"route": "/health", "method": "GET"}})
    assert not quiet.counts("GET", "/health", "200")
    assert quiet.counts("POST", "/health", "200")
    assert quiet.counts("GET", "/", "200")


@pytest.mark.parametrize("name", ["http.server.duration", "größe", "a:b_total"])
def test_a_metric_may_have_any_name_in_utf_8(name: str) -> None:
    assert metric(name=name).name == name


def test_durations_are_those_of_a_histogram_or_summary() -> None:
    assert metric(type="summary", truth={"kind": "durations"}).type == "summary"
    with pytest.raises(ValidationError, match="histogram or summary"):
        metric(truth={"kind": "durations"})
