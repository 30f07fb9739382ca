"""What `promtool test rules` says of each of several test files.

Until Prometheus 2.x it heads each file with its name; since 3.0 it prints only how each of them ended. They are in the
order of the command line either way.
"""

from __future__ import annotations

import re

_NAMED = re.compile(r"^Unit Testing: .*$", re.MULTILINE)
_ENDED = re.compile(r"^  (?:FAILED:|SUCCESS)$", re.MULTILINE)


def sections(output: str) -> list[str]:
    """One for each test file that it came to, with its `SUCCESS` or `FAILED:`; fewer where promtool broke off."""
    marks = list(_NAMED.finditer(output)) or list(_ENDED.finditer(output))
    ends = [mark.start() for mark in marks[1:]] + [len(output)]
    return [output[mark.start() : end] for mark, end in zip(marks, ends, strict=bool(marks))]
