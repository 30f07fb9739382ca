"""The copies of rules that stand beside tests which can't load the rules themselves."""

from __future__ import annotations

import re
from pathlib import Path

from promproof.config import usertext

TEST, COPY = ".test.yml", ".rules.yml"
_FIRST = re.compile(r"# [^\n]*: (?:flips at|fires) ")
"""How each test file that was written begins."""


def first_line(alert: str, flips: str) -> str:
    """How the test file of an alert begins. flips: at what; or that it always fires, or since when."""
    return f"# {alert}: {'fires' if flips.startswith(('always', 'from ')) else 'flips at'} {flips}\n"


def copy_of(test: Path) -> Path:
    """Where the copy for a test file that was written stands."""
    return test.with_name(test.name.replace(TEST, COPY))


def is_copy(file: Path) -> bool:
    """Whether it is the copy of a rule that `--write-tests` left beside its test."""
    return file.name.endswith(COPY) and is_written(file.with_name(file.name.replace(COPY, TEST)))


def is_written(test: Path) -> bool:
    """Whether it is a test file that `--write-tests` wrote."""
    return _FIRST.match(usertext.beginning(test)) is not None
