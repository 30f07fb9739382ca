"""Options, fixtures and exit status of the suites; the plugin has all of it."""

from promproof.pytest_plugin import (
    pytest_addoption,
    pytest_configure,
    pytest_generate_tests,
    pytest_report_teststatus,
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_terminal_summary,
    result,
    verdict,
)

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_report_teststatus",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
    "result",
    "verdict",
]
