"""A fault on recorded evidence: readings and stored samples are rewritten in their order, and nothing else."""

from __future__ import annotations

import pytest

from promproof.catalogue.recorded import as_if
from promproof.catalogue.rewriting import Job
from promproof.evidence.history import History, Record
from promproof.evidence.records import ExpositionRead, Phase, Series, Stored

pytestmark = pytest.mark.unit
IDENTITY = {"job": "api", "instance": "a:1"}


def history() -> History:
    samples = ((1.0, 6.0), (2.0, 8.0))
    stored = Stored("hits_total", (Series("hits_total", {"status": "500", **IDENTITY}, samples),))
    other = Stored("up", (Series("up", IDENTITY, ((1.0, 1.0),)),))
    read = ExpositionRead("rest", 3.0, 3.1, 'hits_total{status="500"} 9.0\n', 200)
    data = (Phase("traffic", "begin"), read, stored, other)
    return History("run", 0.0, 0.0, [Record(number, 3.0, each) for number, each in enumerate(data)])


def stored_of(changed: History) -> list[tuple[str, dict[str, str], tuple[tuple[float, float], ...]]]:
    return [
        (each.name, each.labels, each.samples) for record in changed.of(Stored) for each in record.data.series
    ]


def test_rewriting_nothing_leaves_the_history_as_it_was() -> None:
    before = history()
    assert [record.data for record in as_if(before, "nothing", Job("hits_total", {})).records] == [
        record.data for record in before.records
    ]


def test_readings_and_samples_change_together() -> None:
    changed = as_if(history(), "values", Job("hits_total", {"times": 2}))
    assert stored_of(changed)[0] == ("hits_total", {"status": "500", **IDENTITY}, ((1.0, 12.0), (2.0, 16.0)))
    assert stored_of(changed)[1] == ("up", IDENTITY, ((1.0, 1.0),))
    read = changed.last(ExpositionRead)
    assert read is not None
    assert read.data.text == 'hits_total{status="500"} 18.0\n'


def test_what_is_remembered_goes_from_scrape_to_scrape() -> None:
    changed = as_if(history(), "since-the-last-scrape", Job("hits_total", {}))
    assert stored_of(changed)[0][2] == ((1.0, 6.0), (2.0, 2.0))


@pytest.mark.parametrize("way", ["page", "empty", "gone"])
def test_nothing_is_stored_of_a_reading_that_fails(way: str) -> None:
    assert [name for name, _, _ in stored_of(as_if(history(), way, Job("hits_total", {})))] == ["up"]
