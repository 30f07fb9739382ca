"""Data sources of a folder: the uid that Grafana derives, and a wrong type told with its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.grafana.provisioning import texts, uid_of

pytestmark = pytest.mark.unit


def test_a_source_without_uid_has_the_one_that_grafana_gives(tmp_path: Path) -> None:
    assert uid_of("Prometheus") == "PBFA97CFB590B2093"
    place = tmp_path / "grafana" / "provisioning" / "datasources"
    place.mkdir(parents=True)
    source = {"name": "Prometheus", "type": "prometheus", "jsonData": {"timeInterval": "15s"}}
    (place / "a.yml").write_text(json.dumps({"datasources": [source]}), encoding="utf-8")
    found = texts(tmp_path)
    assert (found.sources[0].uid, found.problems) == ("PBFA97CFB590B2093", ())


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (7, "datasources[0]: found a number, expected a mapping"),
        ({"name": ["a"]}, "datasources[0].name: found a list, expected text"),
        ({"jsonData": "x"}, "datasources[0].jsonData: found text, expected a mapping"),
        ({"type": "prometheus", "jsonData": {"timeInterval": 15}}, "timeInterval: found a number, expected text"),
        ({"type": "prometheus", "jsonData": {"timeInterval": "often"}}, "timeInterval: 'often' is no duration"),
    ],
    ids=["number", "name", "jsonData", "seconds", "no duration"],
)  # fmt: skip  # a table: one case, one row
def test_a_wrong_type_in_a_file_of_sources_is_a_finding_with_its_key(
    entry: Any, words: str, tmp_path: Path
) -> None:
    place = tmp_path / "grafana" / "provisioning" / "datasources"
    place.mkdir(parents=True)
    (place / "a.yml").write_text(json.dumps({"datasources": [entry]}), encoding="utf-8")
    assert words in "\n".join(map(str, texts(tmp_path).problems))
