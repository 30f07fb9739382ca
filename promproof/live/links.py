"""Links to the parts of the stack beside Prometheus: each stands on the page while it answers as what it is.

The documented ports are looked at without being named, and something else may listen there: a link that leads to
another program's page is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import requests

from promproof.http import Session, json_of

ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class Part:
    """A part of the stack with a page of its own. path: where it says how it is; field: what only its answer has."""

    name: str
    url: str
    path: str
    field: str


def parts_of(alertmanager: str | None, grafana: str | None) -> tuple[Part, ...]:
    """The parts that have a URL."""
    every = (
        Part("Alertmanager", alertmanager or "", "/api/v2/status", "versionInfo"),
        Part("Grafana", grafana or "", "/api/health", "database"),
    )
    return tuple(part for part in every if part.url)


def answering(parts: Sequence[Part]) -> dict[str, str]:
    """The URLs, by name, of the parts that answer now."""
    with Session(ANSWER_SECONDS) as session:
        return {part.name: part.url for part in parts if _answers(part, session)}


def _answers(part: Part, session: Session) -> bool:
    try:
        said = json_of(session.get(part.url + part.path))
    except (requests.RequestException, ValueError):
        return False
    return isinstance(said, dict) and part.field in said
