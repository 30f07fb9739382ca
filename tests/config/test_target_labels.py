"""The labels that a scrape job gives to all of its series, where the file leaves no doubt."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.config.targetlabels import target_labels

pytestmark = pytest.mark.unit
GROUP: dict[str, Any] = {"targets": ["api:8000", "api-2:8000"], "labels": {"env": "prod"}}


def job(**keys: Any) -> dict[str, Any]:
    return {"scrape_configs": [{"job_name": "api", "static_configs": [GROUP], **keys}]}


def test_a_static_job_gives_its_name_its_targets_and_their_labels() -> None:
    assert target_labels(job(), "api") == {
        "job": frozenset({"api"}),
        "instance": frozenset({"api:8000", "api-2:8000"}),
        "env": frozenset({"prod"}),
    }


@pytest.mark.parametrize(
    "keys",
    [
        {"kubernetes_sd_configs": [{"role": "pod"}]},
        {"relabel_configs": [{"target_label": "pod", "replacement": "one"}]},
        {"metric_relabel_configs": [{"action": "labeldrop", "regex": "status"}]},
        {"static_configs": []},
        {"static_configs": [{"targets": ["api:8000"], "labels": {"instance": "one"}}]},
    ],
)
def test_where_others_may_be_added_nothing_is_said(keys: dict[str, Any]) -> None:
    assert target_labels(job(**keys), "api") is None


def test_dropping_series_changes_no_label() -> None:
    assert (
        target_labels(job(metric_relabel_configs=[{"action": "drop", "regex": "go_.*"}]), "api") is not None
    )


def test_a_job_of_another_name_is_not_known() -> None:
    assert target_labels(job(), "web") is None
