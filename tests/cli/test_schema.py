"""The JSON Schemas for editors are those of the models: shipped files fit, every key is in them and on its page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.cli.schema import schema
from promproof.contract.keys import TEXTS
from promproof.contract.model import load
from promproof.drills.drill import load as load_drill
from promproof.errors import InputError
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
Draft202012Validator: Any = import_module("jsonschema").Draft202012Validator  # it has no types
CONTRACTS = [REPOSITORY / "monitoring/contract.yaml", REPOSITORY / "tests/run/shop/contract.yaml"]
DRILLS = sorted((REPOSITORY / "scenarios/drills").rglob("*.yaml"))
SCENARIOS = sorted((REPOSITORY / "scenarios").glob("*.yaml"))
FILES = [
    *(("contract", path) for path in CONTRACTS),
    *(("drill", path) for path in DRILLS),
    *(("scenario", path) for path in SCENARIOS),
]


def mistakes(what: str, data: Any) -> list[str]:
    """What the schema holds against the data of a file."""
    plain = json.loads(json.dumps(data))
    return [
        f"{list(error.path)}: {error.message}"
        for error in Draft202012Validator(schema(what)).iter_errors(plain)
    ]


@pytest.mark.parametrize(("what", "path"), FILES, ids=[f"{what} {path.name}" for what, path in FILES])
def test_every_shipped_file_fits_its_schema(what: str, path: Path) -> None:
    assert not mistakes(what, yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("what", ["contract", "drill"])
def test_a_schema_is_valid_and_refuses_an_unknown_key(what: str) -> None:
    Draft202012Validator.check_schema(schema(what))
    assert mistakes(what, {what: 1, "service": "x", "nobody": 1})


def properties(what: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Model, key and schema of every key."""
    whole = schema(what)
    for name, made in [(whole["title"], whole), *whole["$defs"].items()]:
        for key, value in made.get("properties", {}).items():
            yield name, key, value


@pytest.mark.parametrize("what", ["contract", "drill"])
def test_every_key_of_a_schema_has_a_description(what: str) -> None:
    assert {f"{name}.{key}" for name, key, value in properties(what) if not value.get("description")} == set()


def test_every_text_belongs_to_a_key_that_is_there() -> None:
    known = {f"{name}.{key}" for what in ("contract", "drill") for name, key, _ in properties(what)}
    ends = {key.rpartition(".")[2] for key in known}
    assert {key for key in TEXTS if key not in known and not (key[0] == "*" and key[2:] in ends)} == set()


def test_every_key_of_the_contracts_page_is_in_the_schema() -> None:
    page = (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")
    cells = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    named = {key for cell in cells for key in re.findall(r"`([a-z_]+)`", cell)}
    keys = {key for _, key, _ in properties("contract")}
    kinds = set(re.findall(r'"const": "([a-z_]+)"', json.dumps(schema("contract"))))
    assert named - keys - kinds == set()
    assert len(named) > 50


LEAST = "contract: 1\nservice: shop\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "metric: []\n",
            "metric: unknown key; did you mean metrics or traffic? metrics: every documented metric",
        ),
        ("alerts: [{name: A, treshold: 1}]\n", "did you mean threshold? threshold: the documented one"),
        (
            "target: {jobs: x}\n",
            "target.jobs: unknown key; did you mean job? job: the scrape job that reads it",
        ),
        ("metrics: [{name: a, type: gauge, truth: {kind: rows, querry: x}}]\n", "did you mean query?"),
        (
            "metrics: [{name: a, type: counter, truth: {kind: durations, unmatched: other}}]\n",
            "unmatched: unknown key; kind: requests has it; known are method, endpoint",
        ),
        ("dashboards: [{uid: a, pannels: []}]\n", "did you mean panels? panels: the documented panels"),
        ("target: {zzzzz: x}\n", "unknown key; known are app, instances, job, health"),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest_one_and_what_that_is(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(LEAST + text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    assert words in str(caught.value)


def test_an_unknown_key_of_a_drill_is_reported_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    path.write_text("drill: 1\nname: a\nalert: A\nfault: {kind: killed}\ntogther: x\n", encoding="utf-8")
    with pytest.raises(InputError, match="did you mean together\\? together: drills with the same word"):
        load_drill(path)
