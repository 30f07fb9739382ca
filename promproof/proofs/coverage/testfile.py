"""promtool's test files as far as coverage and mutants read them (cmd/promtool/unittest.go).

`promtool test rules` itself says whether a file is valid; here only what is named below is taken.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from promproof.config.globs import matching_files
from promproof.config.inputs import Document
from promproof.config.shapes import Duration, Shape, Text, Texts, shaped
from promproof.config.yamlfile import load
from promproof.errors import InputError

WHAT = "a file for `promtool test rules`"
DEFAULT_INTERVAL = "1m"


class ExpectedAlert(Shape):
    """One alert that must be firing."""

    exp_labels: Texts | None = None
    exp_annotations: Texts | None = None


class AlertCase(Shape):
    """One entry of alert_rule_test: no expected alerts means that none may fire."""

    eval_time: Duration
    alertname: Text
    exp_alerts: list[ExpectedAlert] | None = None


class ExpressionCase(Shape):
    """One entry of promql_expr_test."""

    expr: Text
    eval_time: Duration
    exp_samples: list[dict[str, Any]] | None = None


class InputSeries(Shape):
    """One series in promtool's notation of values."""

    series: Text
    values: Text


class TestCase(Shape):
    """One entry of tests: it has a storage of its own."""

    __test__ = False  # no class of pytest's

    name: Text | None = None
    interval: Duration | None = None
    input_series: list[InputSeries] | None = None
    alert_rule_test: list[AlertCase] | None = None
    promql_expr_test: list[ExpressionCase] | None = None


class TestFileShape(Shape):
    """The file."""

    __test__ = False

    rule_files: list[Text] = Field(min_length=1)
    evaluation_interval: Duration | None = None
    tests: list[TestCase] | None = None


@dataclass(frozen=True)
class TestFile:
    """A test file that was read."""

    __test__ = False

    document: Document
    shape: TestFileShape

    @cached_property
    def rule_files(self) -> dict[str, tuple[Path, ...]]:
        """Each pattern, and the files that it matches, from the folder of the test file as promtool does."""
        base = Path(os.path.abspath(self.document.path)).parent
        return {pattern: matching_files(base, pattern) for pattern in self.shape.rule_files}

    @property
    def loads(self) -> tuple[Path, ...]:
        """The rule files that it loads, resolved, each once."""
        return tuple(dict.fromkeys(path.resolve() for found in self.rule_files.values() for path in found))

    @property
    def evaluation_interval(self) -> str:
        return self.shape.evaluation_interval or DEFAULT_INTERVAL

    def interval(self, case: TestCase) -> str:
        """How far apart the samples of a case are."""
        return case.interval or self.evaluation_interval


def read_test_file(path: Path) -> TestFile:
    """Read one test file.

    Raises:
        InputError: it is no test file; with file, line and key.
    """
    document = load(path, WHAT)
    return TestFile(document, shaped(document, TestFileShape, WHAT))


def test_files(names: Iterable[str | Path]) -> list[TestFile]:
    """The test files of a command line: files, patterns, and folders, of which every YAML file with tests is taken.

    Raises:
        InputError: a name matches no file, or a file is no test file.
    """
    found: dict[Path, None] = {}
    for name in map(str, names):
        if os.path.isdir(name):
            paths = [path for path in sorted(Path(name).rglob("*.y*ml")) if _has_tests(path)]
        else:
            paths = [Path(match) for match in sorted(glob.glob(name, recursive=True))]
        if not paths:
            raise InputError(
                what="no test file is there",
                where=f"--tests {name}",
                expected=f"{WHAT}, a pattern, or a folder of them",
                todo="correct the path",
            )
        found |= dict.fromkeys(paths)
    return [read_test_file(path) for path in found]


test_files.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


def is_test_file(path: Path) -> bool:
    """Whether a file is one for `promtool test rules`."""
    try:
        return bool(read_test_file(path))
    except InputError:
        return False


def _has_tests(path: Path) -> bool:
    try:
        data = load(path, WHAT).data
    except InputError:
        return False
    return "tests" in data and "rule_files" in data
