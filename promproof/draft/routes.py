"""Which requests are safe to send: GET alone unless asked, no route that sounds like a deed, ids from answers.

OpenAPI is read when there is one. Without it, the routes that the exposition has seen, and a few usual ones, are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.exposition import Exposition

USUAL = ("/", "/health", "/healthz", "/ready", "/readyz", "/ping", "/version")
"""Tried where nothing says which routes there are; those that answer 404 are not routes."""
UNKNOWN = "/promproof-no-such-path"
DEEDS = re.compile(
    r"delet|remov|drop|purge|reset|clear|flush|shutdown|stop|kill|restart|reload|logout|log-out|signout|sign-out|"
    r"revoke|cancel|unsubscribe|disable|trigger|execute|run|send|pay|import|migrate|seed|debug|pprof|crash|fail|"
    r"sleep|slow|stream|events|ws|download|export|callback|oauth",
    re.IGNORECASE,
)
"""A word of a path that sounds like more than reading, or like an answer that does not end."""
PARAMETER = re.compile(r"\{([^{}:]+)(?::[^{}]*)?\}|<(?:[^<>:]+:)?([^<>]+)>|(?<=/):([A-Za-z_]\w*)")
STATIC = ("/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect", "/favicon.ico", "/static")


@dataclass(frozen=True)
class Route:
    """A request line that may be sent: method, path with `{placeholders}`, the names in them.

    values: of its parameters, where something gave them (an example, a default).
    """

    method: str
    path: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's placeholders."""
        return tuple(next(filter(None, match.groups())) for match in PARAMETER.finditer(self._apart[0]))

    @property
    def template(self) -> str:
        """The path as a scenario has it: every placeholder in braces, with its name alone. A query stays as it is."""
        path, query = self._apart
        return PARAMETER.sub(lambda match: "{" + next(filter(None, match.groups())) + "}", path) + query

    @property
    def _apart(self) -> tuple[str, str]:
        """The path alone, and the query with its `?`, in which braces are none of placeholders (GraphQL's are not)."""
        path, mark, query = self.path.partition("?")
        return path, mark + query

    def takes(self, path: str) -> bool:
        """Whether a path is this one with values in its placeholders, each of which is one part of it."""
        parts = PARAMETER.sub("\0", self._apart[0]).split("\0")
        return re.fullmatch(r"[^/{}<>]+".join(map(re.escape, parts)), path) is not None

    def filled(self, values: Mapping[str, str]) -> str | None:
        """The real path; None while a value is missing."""
        given = {**values, **dict(self.values)}
        if any(name not in given for name in self.parameters):
            return None
        path, query = self._apart
        return PARAMETER.sub(lambda match: given[next(filter(None, match.groups()))], path) + query


@dataclass(frozen=True)
class Choice:
    """Routes that are tried, and those that are not, each with the reason."""

    routes: tuple[Route, ...]
    left: tuple[tuple[str, str], ...] = ()


def of_openapi(document: Mapping[str, Any], metrics_path: str = "/metrics") -> Choice:
    """The safe routes of an OpenAPI or Swagger document, shortest path first."""
    prefix = str(document.get("basePath") or "").rstrip("/")
    routes: list[Route] = []
    left: list[tuple[str, str]] = []
    others: set[str] = set()
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, Mapping) else {}).items():
        operations = item if isinstance(item, Mapping) else {}
        whole = prefix + str(path)
        others |= {method.upper() for method in operations if method in ("post", "put", "patch", "delete")}
        operation = operations.get("get")
        if not isinstance(operation, Mapping) or whole == metrics_path:
            continue
        given = [*_parameters(operations), *_parameters(operation)]
        why = _unsafe(whole, operation) or _needs(given)
        if why:
            left.append((f"GET {whole}", why))
        else:
            routes.append(Route("GET", whole, _values(given)))
    if others:
        left.append(
            (", ".join(sorted(others)), "they may change something; --route 'POST /path' asks for one")
        )
    return Choice(tuple(sorted(routes, key=lambda route: (len(route.parameters), route.path))), tuple(left))


def of_exposition(exposition: Exposition, metrics_path: str = "/metrics") -> Choice:
    """Routes without a document: what label values look like, and the usual ones."""
    seen = {
        value
        for (_, labels) in exposition.values
        for name, value in labels
        if name != "le" and value.startswith("/") and not re.search(r"[\s?#*$^()\\]", value)
    }
    routes, left = [], []
    for path in dict.fromkeys((*USUAL, *sorted(seen))):
        if path == metrics_path or path.startswith(STATIC):
            continue
        why = _unsafe(path, {}) if path not in USUAL else ""
        if why:
            left.append((f"GET {path}", why))
        else:
            routes.append(Route("GET", path))
    return Choice(tuple(sorted(routes, key=lambda route: len(route.parameters))), tuple(left))


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def asked(lines: Sequence[str]) -> Iterator[Route]:
    """Request lines as a user writes them: `/items`, or `POST /items`.

    Raises:
        ValueError: one is neither.
    """
    for line in lines:
        method, _, path = line.strip().rpartition(" ")
        if not path.startswith("/") or (method and method.upper() not in METHODS):
            raise ValueError(line)
        yield Route(method.upper() or "GET", path)


def ids(answer: Any) -> dict[str, str]:
    """Identifiers in a JSON answer: `id` and `..._id` of it, or of the first item of its first list."""
    for item in _objects(answer):
        found = {
            str(name): str(value)
            for name, value in item.items()
            if re.fullmatch(r"id|uuid|slug|\w+_id|\w+Id", str(name))
            and isinstance(value, str | int)
            and not isinstance(value, bool)
            and re.fullmatch(r"[\w.~-]{1,64}", str(value))
        }
        if found:
            return found
    return {}


def offered(route: Route, answers: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Values for a route's placeholders from the ids of answers (by path): those of the path before each first.

    `/items/{item_id}` takes `item_id`, or else `id` and its like, of the answer to `/items`.
    """
    values: dict[str, str] = {}
    for match in PARAMETER.finditer(route.path):
        name = next(filter(None, match.groups()))
        before = PARAMETER.sub(
            lambda inner: values.get(next(filter(None, inner.groups())), ""), route.path[: match.start()]
        ).rstrip("/")
        known = answers.get(before) or answers.get(f"{before}/") or {}
        usual = next((known[key] for key in (name, "id", "uuid", "slug") if key in known), None)
        named = next((found[name] for found in answers.values() if name in found and name != "id"), None)
        value = usual if usual is not None else named
        if value is not None:
            values[name] = value
    return values


def _objects(answer: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(answer, Mapping):
        for value in answer.values():
            if isinstance(value, list):
                yield from (item for item in value[:1] if isinstance(item, Mapping))
        yield answer
    elif isinstance(answer, list):
        yield from (item for item in answer[:1] if isinstance(item, Mapping))


def _unsafe(path: str, operation: Mapping[str, Any]) -> str:
    if operation.get("deprecated") is True:
        return "it is deprecated"
    words = PARAMETER.sub("", path)
    spoken = DEEDS.search(words) or DEEDS.search(str(operation.get("operationId") or "").split("_")[0])
    return f"{spoken.group(0)!r} in its name sounds like more than reading" if spoken else ""


def _parameters(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = holder.get("parameters")
    return [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, list) else []


def _needs(parameters: Sequence[Mapping[str, Any]]) -> str:
    """What a request must carry that nobody can make up."""
    needed = sorted(
        str(entry.get("name"))
        for entry in parameters
        if entry.get("required") is True and entry.get("in") in ("query", "header", "cookie")
    )
    return f"it needs {', '.join(needed)}" if needed else ""


def _values(parameters: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Examples and defaults that a document gives for parts of the path."""
    found = []
    for entry in parameters:
        schema = entry.get("schema")
        schema = schema if isinstance(schema, Mapping) else {}
        choices = schema.get("enum")
        first = choices[0] if isinstance(choices, list) and choices else None
        value = next(
            (
                v
                for v in (entry.get("example"), schema.get("example"), schema.get("default"), first)
                if v is not None
            ),
            None,
        )
        if (
            entry.get("in") == "path"
            and isinstance(value, str | int)
            and re.fullmatch(r"[\w.~-]+", str(value))
        ):
            found.append((str(entry.get("name")), str(value)))
    return tuple(found)
