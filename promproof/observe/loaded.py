"""Asks a running Prometheus what it has loaded and what it knows, for `promproof check --prometheus`.

Each question may fail alone: it is then named, and the others are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from promproof.config.urls import without_password
from promproof.errors import EvidenceError
from promproof.findings.loaded import Answers
from promproof.observe.prometheus import Prometheus

T = TypeVar("T")
MOST_SERIES = 20_000
"""Series of a metric whose labels are looked at; more take the server too long."""


def answers_of(url: str) -> Answers:
    """What the server at an URL answers.

    Raises:
        EvidenceError: it answers no question at all.
    """
    server = Prometheus(url)
    version = server.version()  # nobody there: nothing else is asked
    missing: list[str] = []

    def ask(what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except EvidenceError as error:
            missing.append(f"{what} of Prometheus {version}: {error}")
            return None

    def series(name: str) -> Sequence[Mapping[str, str]] | None:
        try:
            rows = server.get("/api/v1/series", {"match[]": name, "limit": str(MOST_SERIES)})
        except EvidenceError:
            return None
        return rows if isinstance(rows, list) and len(rows) < MOST_SERIES else None

    targets = ask("targets", server.targets)
    return Answers(
        without_password(server.url),  # findings show it
        ask("the configuration", server.configuration),
        ask("the rules", server.rules),
        ask("the flags", server.flags) or {},
        ask("the types", server.metadata),
        ask("the names of metrics", lambda: _texts(server.get("/api/v1/label/__name__/values"))),
        None if targets is None else [str(target.get("health")) for target in targets],
        series,
        tuple(missing),
    )


def _texts(rows: Any) -> list[str]:
    return [str(row) for row in rows] if isinstance(rows, list) else []
