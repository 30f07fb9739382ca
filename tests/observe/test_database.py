"""The target's database is asked with a library that only those need who have one."""

from __future__ import annotations

import importlib.util
import sqlite3
from pathlib import Path

import pytest

from promproof.errors import EvidenceError, InputError
from promproof.observe import database

pytestmark = pytest.mark.unit


@pytest.fixture
def url(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table items (id int, name text)")
        connection.execute("insert into items values (1, 'a'), (2, 'b')")
    connection.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


def test_the_rows_of_several_queries_come_by_their_names(url: str) -> None:
    queries = {"all": "select id, name from items order by id", "none": "select id from items where id > 9"}
    assert dict(database.answers(url, queries)) == {"all": [[1, "a"], [2, "b"]], "none": []}
    assert database.ask(url, "select name from items order by name") == ["a", "b"]


def test_a_refused_query_is_evidence_that_is_missing(url: str) -> None:
    with pytest.raises(EvidenceError, match="no usable answer to 'select x from nothing'"):
        database.ask(url, "select x from nothing")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    database.check_installed("--database")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError) as caught:
        database.check_url("sqlite:///x", "--database")
    assert "pip install 'promproof[database]'" in str(caught.value)
