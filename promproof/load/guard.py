"""Who may use Locust's web UI: programs of this machine, and pages that the web UI itself has served.

Locust answers every origin, and a browser lets any page send a form to 127.0.0.1: a page of another site could start
load against anybody. A request that names another origin is refused, a host name that is not ours as well (a name of
another site can be made to resolve to 127.0.0.1), and no answer allows other origins to read it. The guard wraps the
whole application, since Flask's own hooks miss the answers to exceptions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERY_ADDRESS = ("", "*", "0.0.0.0", "::")
MAX_BODY_BYTES = 1 << 20
"""The start form has some hundred bytes."""
ADDED = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "frame-ancestors 'self'"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
)
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:,/@\[\]]+)(?::\d{1,5})?")
_READS = ("GET", "HEAD")

StartResponse = Callable[..., Any]


def names_of(web_host: str | None, allowed: str) -> frozenset[str]:
    """The host names of the page: loopback, the address it listens on, and a list with commas of further ones."""
    given = [name.strip() for name in allowed.split(",")]
    listening = [] if web_host is None or web_host in EVERY_ADDRESS else [web_host]
    return frozenset(_bracketed(name).lower() for name in (*LOOPBACK, *listening, *given) if name)


def refusal(method: str, headers: Mapping[str, str], names: frozenset[str]) -> str:
    """Why a request is refused; "" when it is let through. Headers by their names in lower case."""
    host = headers.get("host", "")
    found = _HOST.fullmatch(host)
    if found is None or found["name"].lower() not in names:
        return f"{host!r} is no name of this page; if it is, start it with --web-allowed-host and the name"
    foreign = _foreign(headers, host)
    if foreign and not (method in _READS and _is_navigation(headers)):
        return f"the request comes from {foreign}, and only this page's own are answered"
    return ""


def _foreign(headers: Mapping[str, str], host: str) -> str:
    """The other site that a request comes from; "" for our own pages, and for programs, which name none."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and _netloc(origin) != host.lower():
        return f"the origin {origin}"
    if site not in (None, "same-origin", "none"):
        return f"another origin ({site})"
    referer = headers.get("referer")
    if origin is None and site is None and referer and _netloc(referer) != host.lower():
        return f"the page {referer}"
    return ""


def _is_navigation(headers: Mapping[str, str]) -> bool:
    """Whether a link was followed in a window of its own; a browser without Sec-Fetch shows it by what it accepts."""
    if "sec-fetch-mode" in headers:
        return headers["sec-fetch-mode"] == "navigate" and headers.get("sec-fetch-dest") == "document"
    return "origin" not in headers and "text/html" in headers.get("accept", "")


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # half an IPv6 address
        return ""


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


class Guard:
    """WSGI middleware: refuses what `refusal` says, and takes every word about other origins out of the answers."""

    def __init__(self, app: Any, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            key.removeprefix("HTTP_").replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        why = refusal(environ["REQUEST_METHOD"], headers, self._names)
        if why:
            body = json.dumps({"error": why}).encode()
            status = HTTPStatus.FORBIDDEN
            about = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *ADDED]
            start_response(f"{status.value} {status.phrase}", about)
            return [body]

        def start(status: str, answered: list[tuple[str, str]], *more: Any) -> Any:
            kept = [pair for pair in answered if not pair[0].lower().startswith("access-control-")]
            there = {name.lower() for name, _ in kept}
            added = [pair for pair in ADDED if pair[0].lower() not in there]
            return start_response(status, [*kept, *added], *more)

        answer: Iterable[bytes] = self._app(environ, start)
        return answer


def install(web_ui: Any, allowed: str) -> None:
    """Guard a web UI of Locust, before it serves."""
    app = web_ui.app
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.wsgi_app = Guard(app.wsgi_app, names_of(web_ui.host, allowed))
