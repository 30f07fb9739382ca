"""report.json has the form that is published. `python -m tests.report.test_schema` writes the schema anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from promproof.places import REPOSITORY
from promproof.report.files import write_json
from promproof.report.reportform import schema
from promproof.verdict import exit_status
from tests.report.test_golden import NAMES, run

pytestmark = pytest.mark.unit
PAGE = REPOSITORY / "docs" / "report.schema.json"


def text() -> str:
    return json.dumps(schema(), indent=2) + "\n"


def written(name: str, folder: Path) -> Any:
    """report.json of a recorded run."""
    found, path = run(name), folder / "report.json"
    status = exit_status(found.verdicts, incomplete=found.ending.incomplete)
    about = {"id": name}
    write_json(
        path, found.verdicts, found.ending, strict=False, status=status, run=about, evidence=found.evidence
    )
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_published_schema_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "python -m tests.report.test_schema"


@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_published_form(name: str, tmp_path: Path) -> None:
    jsonschema.validate(written(name, tmp_path), json.loads(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("key", "value"), [("exit_status", 3), ("counts", {"odd": 1}), ("verdicts", None), ("causes", [{}])]
)
def test_another_form_is_refused(key: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written("red", tmp_path), key: value}, schema())


def test_the_causes_of_a_report_hold_each_red_claim_once(tmp_path: Path) -> None:
    report = written("red", tmp_path)
    held = [claim for cause in report["causes"] for claim in (*cause["causes"], *cause["symptoms"])]
    assert sorted(held) == sorted(
        v["claim"] for v in report["verdicts"] if v["outcome"] in ("fail", "unknown")
    )
    assert [cause["kind"] for cause in report["causes"]] == ["changed-threshold"]


def test_the_phases_of_a_run_are_reported_with_their_seconds(tmp_path: Path) -> None:
    names = [phase["name"] for phase in written("green", tmp_path)["phases"]]
    assert names == ["bring up", "traffic", "at rest", "judging and the rest"]


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
    sys.stdout.write("written\n")
