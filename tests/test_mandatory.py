"""The packages that the project is built on are used by its product code, not only installed."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
MANDATORY = ("locust", "pytest", "requests", "prometheus_api_client", "testcontainers", "yaml")


@cache
def imported() -> set[str]:
    found = set()
    for room in ("promptpilot", "promproof"):
        for path in (REPOSITORY / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", MANDATORY)
def test_each_mandatory_package_is_imported_by_the_product(package: str) -> None:
    assert package in imported()
