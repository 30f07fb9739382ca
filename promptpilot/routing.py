"""One table of routes for all: the router, the `endpoint` label, the label sets known at start, the faults.

The label needs the template before the handler runs (the in-progress gauge rises first), so requests are
matched here as well, with the router's own expressions.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.routing import compile_path

METRICS_PATH = "/metrics"
API_PREFIX = "/api/v1/"
UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"

MustFail = Callable[
    [str], bool
]  # whether a fault makes the execution that begins on this route come out failed


@dataclass(frozen=True, slots=True)
class Route:
    """A route with the statuses it can produce besides `success` and 500.

    `model` is what its body is made of where the endpoint's return type does not say.
    """

    method: str
    path: str
    endpoint: Callable[..., Any]
    success: int = 200
    statuses: tuple[int, ...] = ()
    model: type | None = None

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def known_statuses(self) -> tuple[int, ...]:
        return (self.success, *self.statuses, 500)


class Resolver:
    """From a request's method and path to the route's template."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._fixed: set[str] = set()
        self._patterns: dict[str, re.Pattern[str]] = {}
        for route in routes:
            self._keys.add((route.method, route.path))
            if "{" not in route.path:
                self._fixed.add(route.path)
            self._patterns[route.path] = compile_path(route.path)[0]

    def template(self, path: str) -> str | None:
        """The template of the route that has this path, whatever the method; None: no route has it."""
        if path in self._fixed:
            return path
        for template, pattern in self._patterns.items():
            if pattern.match(path):
                return template
        return None

    def route_key(self, method: str, path: str) -> str | None:
        """`METHOD TEMPLATE` of the route that will handle the request; None: none will (404, 405)."""
        template = self.template(path)
        if template is None or (method, template) not in self._keys:
            return None
        return f"{method} {template}"
