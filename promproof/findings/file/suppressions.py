"""Comments and entries that leave findings out and do not what they are there for. `checking` finds them itself."""

from __future__ import annotations

from promproof.findings.finding import Severity
from promproof.findings.kind import Kind, register

UNUSED = register(
    Kind(
        id="file/unused-suppression",
        severity=Severity.INFO,
        title="a finding is left out that is not there",
        why="It stays when the mistake has gone, and hides the next one of its kind.",
        example="groups:\n- name: api\n  rules:\n  # promproof: ignore rule/irate-in-alert - it is watched by hand\n"
        "  - alert: Errors\n    expr: rate(http_errors_total[5m]) > 5",
        instead="groups:\n- name: api\n  rules:\n  # promproof: ignore rule/irate-in-alert - it is watched by hand\n"
        "  - alert: Errors\n    expr: irate(http_errors_total[5m]) > 5",
    )
)
WRONG = register(
    Kind(
        id="file/wrong-suppression",
        severity=Severity.WARNING,
        title="a comment that leaves nothing out",
        why="It names no kind of finding, so that what it is there for is told all the same.",
        example="groups:\n- name: api\n  rules:\n  # promproof: ignore rule/irate-in-alerts\n  - alert: Errors\n"
        "    expr: irate(http_errors_total[5m]) > 5",
        instead="groups:\n- name: api\n  rules:\n  # promproof: ignore rule/irate-in-alert\n  - alert: Errors\n"
        "    expr: irate(http_errors_total[5m]) > 5",
    )
)
