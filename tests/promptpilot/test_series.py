"""Which ids get a series of their own."""

import pytest

from promptpilot.series import SeriesPlaces

pytestmark = pytest.mark.unit


def test_no_more_ids_get_a_series_than_the_limit() -> None:
    places = SeriesPlaces(2)
    assert [places.add(identity) for identity in (1, 2, 3)] == [True, True, False]
    assert [places.label(identity) for identity in (1, 2, 3)] == ["1", "2", "other"]


def test_a_deleted_id_frees_its_place() -> None:
    places = SeriesPlaces(1)
    places.add(1)
    assert places.remove(1)
    assert places.add(2)
    assert (places.label(1), places.label(2)) == ("other", "2")


def test_deleting_an_id_without_a_place_frees_none() -> None:
    places = SeriesPlaces(1)
    places.add(1)
    assert not places.remove(7)
    assert not places.add(2)


def test_an_id_takes_one_place_however_often_it_is_added() -> None:
    places = SeriesPlaces(2)
    assert places.add(1)
    assert not places.add(1)
    assert places.add(2)


def test_a_limit_of_zero_gives_no_id_a_series() -> None:
    places = SeriesPlaces(0)
    assert not places.add(1)
    assert places.label(1) == "other"
