"""Sending the probes: each route once to learn its answer, and then in known numbers between readings of the metrics.

Everything that is sent is a GET, unless a route was asked for with another method; no redirect is followed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import requests

from promproof.draft.observed import UNMATCHED, Batch, Observed, Probe
from promproof.draft.routes import UNKNOWN, USUAL, Choice, Route, ids, offered
from promproof.errors import EvidenceError, InputError
from promproof.exposition import Exposition, parse
from promproof.http import Session, shown
from promproof.observe.asking import TEXT

METRICS_PATHS = (
    "/metrics",
    "/metrics/",
    "/actuator/prometheus",
    "/prometheus",
    "/prometheus/metrics",
    "/api/metrics",
    "/internal/metrics",
    "/-/metrics",
    "/q/metrics",
)
OPENAPI_PATHS = (
    "/openapi.json",
    "/api/openapi.json",
    "/swagger.json",
    "/v3/api-docs",
    "/swagger/v1/swagger.json",
    "/schema/openapi.json",
    "/docs/openapi.json",
    "/docs/json",
    "/swagger/doc.json",
    "/api-json",
    "/api/schema/?format=json",
    "/q/openapi?format=json",
)
"""Where frameworks have it that generate one: FastAPI first, then Swagger's, Litestar, Sanic, Fastify, Go, NestJS,
Django REST and Quarkus."""
CLOSED = ("answers 401", "answers 403")
ANSWER_SECONDS = 3.0
ELSEWHERE = (8, 40)
"""At least so many connections of their own, and at most: eight miss a second process once in 256 times where both are
as likely, and a busy machine hands most of them to the process that ran last."""
ELSEWHERE_SECONDS = 1.0
"""Not more than the fewest, once they have taken so long."""
REFUSED = (401, 403, 404, 405, 429)
"""Answers of a named route that its probe can't be made of: a key is missing, the path is misspelt, it is too much."""
FAILS = tuple(status for status in range(400, 600) if status not in REFUSED)
"""Whoever names a route wants it sent, also one that fails: a share of such requests is what alerts are about."""
MOST_ROUTES = 25
"""More are not needed to tell labels apart, and each one is sent in the run as well."""
TIMES = (2, 3, 4)
"""How often a probe is sent, in turn: never once, which anything else could be."""


@dataclass(frozen=True)
class Tried:
    """The probes, and what was left out with its reason."""

    probes: tuple[Probe, ...]
    left: tuple[tuple[str, str], ...]


class Target:
    """A running service, by its URL. metrics: the URL below which its metrics are, where that is another."""

    def __init__(self, url: str, pause: Callable[[float], None] = time.sleep, metrics: str = "") -> None:
        self.url = url.rstrip("/")
        self.metrics_base = (metrics or url).rstrip("/")
        self.metrics_path = METRICS_PATHS[0]
        self.pause = pause
        self.asked: int | None = None
        """How many requests a service that was started here has been sent since; None for one that ran already."""
        self.format = TEXT
        """The format that its metrics are asked for in."""
        self.authorization = ""
        """With what its metrics are asked for, as its scrape job does; empty for nothing."""
        self._session = Session(ANSWER_SECONDS)

    def get(self, path: str, method: str = "GET") -> requests.Response:
        """One answer, redirects not followed; a path that is a URL is asked as it is.

        Raises:
            requests.RequestException: there is none.
        """
        self._count()
        url = path if urlsplit(path).scheme else self.url + path
        return self._session.request(method, url, allow_redirects=False)

    def another(self) -> Target:
        """Another client of the same service, with a connection of its own."""
        target = Target(self.url, self.pause, self.metrics_base)
        target.format, target.authorization = self.format, self.authorization
        return target

    def _count(self) -> None:
        if self.asked is not None:
            self.asked += 1

    def close(self) -> None:
        """Give the connection up."""
        self._session.close()

    def renew(self) -> None:
        """Give the connection up: the next question opens one."""
        self.close()
        self._session = Session(ANSWER_SECONDS)

    def find_metrics(
        self, paths: Sequence[str] = METRICS_PATHS, keys: Mapping[str, Sequence[str]] | None = None
    ) -> Exposition:
        """The exposition at the first of the paths that has one, which is remembered.

        keys: by path the Authorization headers that its scrape jobs have; one is shown where the path asks for it.

        Raises:
            InputError: none has; with what each answered.
        """
        said = []
        for path in paths:
            found = self._exposition(path)
            for key in (keys or {}).get(path, ()) if found in CLOSED else ():
                self.authorization = key
                found = self._exposition(path)
                if not isinstance(found, str):
                    break
                self.authorization = ""
            if not isinstance(found, str):
                self.metrics_path = path
                return found
            said.append(f"{path} {found}")
        closed = next((line for line in said if line.endswith(CLOSED)), "")
        others = f", nor are any at {len(said) - 1} other usual paths" if said[1:] else ""
        raise InputError(
            what=f"no metrics are there: {closed or said[0]}{others}",
            where=self.metrics_base,
            expected="an exposition of Prometheus' text format",
            todo="show it what it asks for: --header 'target=NAME: VALUE'; a password stands in the URL"
            if closed
            else "name its path with --metrics-path, its URL with --metrics, or its port: {metrics_port} in --app; a "
            "service without metrics has none that a draft could promise",
        )

    def read(self) -> Exposition:
        """The exposition.

        Raises:
            EvidenceError: it can't be read any more.
        """
        found = self._exposition(self.metrics_path)
        if isinstance(found, str):
            raise EvidenceError(
                "target", f"{self.metrics_base}{self.metrics_path} {found}", (), "look at its log"
            )
        return found

    def _exposition(self, path: str) -> Exposition | str:
        try:
            answer = self._reading(path)
        except requests.RequestException as error:
            return f"gives no answer ({type(error).__name__})"
        if answer.status_code != requests.codes.ok:
            leads = f", which leads to {shown(answer.headers['Location'])}" if answer.is_redirect else ""
            return f"answers {answer.status_code}{leads}"
        try:
            found = parse(answer.text)
        except ValueError as error:
            why = f"a malformed line, {error}" if "# TYPE " in answer.text else shown(answer.text)
            return f"answers what is no exposition: {why}"
        return found if found.families else f"answers no metrics: {shown(answer.text)}"

    def _reading(self, path: str) -> requests.Response:
        """The answer with the metrics; asked once more where the server ends a connection that it had kept."""
        headers = {
            "Accept": self.format,
            **({"Authorization": self.authorization} if self.authorization else {}),
        }
        for is_last in (False, True):
            self._count()
            try:
                return self._session.get(self.metrics_base + path, headers=headers, allow_redirects=False)
            except requests.ConnectionError:
                if is_last:
                    raise
                self.renew()
        raise AssertionError("unreachable")


def find_openapi(target: Target, asked: str | None) -> tuple[dict[str, object] | None, str]:
    """An OpenAPI document and where it was; `asked`: the URL or path of it.

    Raises:
        InputError: one was asked for, and is not there.
    """
    said = ""
    for path in (asked,) if asked else OPENAPI_PATHS:
        try:
            answer = target.get(path)
            document = answer.json() if answer.status_code == requests.codes.ok else None
            said = f"answers {answer.status_code}"
        except (requests.RequestException, ValueError) as error:
            document, said = None, f"can't be read: {error}"
        if isinstance(document, dict) and isinstance(document.get("paths"), dict):
            return document, path
    if asked:
        raise InputError(
            what=said if said and not said.endswith("200") else "is no OpenAPI document",
            where=asked,
            expected="a JSON document with `paths`",
            todo="correct --openapi, or leave it out: then the routes are those that the metrics have seen",
        )
    return None, ""


def try_routes(target: Target, choice: Choice, named: Sequence[Route] = ()) -> Tried:
    """Send each route once: those that answer 2xx or 3xx, and an unknown path that answers 404, become probes."""
    answers: dict[str, dict[str, str]] = {}
    probes: list[Probe] = []
    left = list(choice.left)
    for route in [*named, *choice.routes]:
        if len(probes) >= MOST_ROUTES:
            left.append(
                (f"{route.method} {route.path}", f"{MOST_ROUTES} routes are enough to tell labels apart")
            )
            continue
        path = route.filled(offered(route, answers))
        if path is None:
            missing = ", ".join(route.parameters)
            left.append((f"{route.method} {route.path}", f"no answer had a value for {missing}"))
            continue
        told = _tried(target, route, path, answers, _failures(route, [*named, *choice.routes], named))
        if isinstance(told, Probe):
            probes.append(told)
        elif route in named or route.path not in USUAL:  # that a usual path is not there is nothing to tell
            left.append((f"{route.method} {route.path}", told))
    unknown = _tried(target, Route("GET", UNKNOWN), UNKNOWN, {}, (404,))
    if isinstance(unknown, Probe):
        probes.append(Probe("GET", UNKNOWN, UNMATCHED, 404))
    return Tried(_by_path(dict.fromkeys(probes)), tuple(left))


def _by_path(probes: Collection[Probe]) -> tuple[Probe, ...]:
    """The probes; a query tells routes apart only where several have the same path."""
    paths = Counter(probe.route.partition("?")[0] for probe in probes)
    return tuple(
        replace(probe, route=path) if paths[path := probe.route.partition("?")[0]] == 1 else probe
        for probe in probes
    )


def _failures(route: Route, routes: Sequence[Route], named: Sequence[Route]) -> tuple[int, ...]:
    """Errors that a route may answer with: those of a named one; 404 where it is the missing item of another route."""
    if route not in named:
        return ()
    missing = any(other != route and other.takes(route.path) for other in routes)
    return (*FAILS, 404) if missing else FAILS


def _tried(
    target: Target, route: Route, path: str, answers: dict[str, dict[str, str]], wanted: Sequence[int] = ()
) -> Probe | str:
    """The route as a probe, or why it is none."""
    try:
        answer = target.get(path, route.method)
    except requests.ReadTimeout:
        return f"no answer within {ANSWER_SECONDS:g} s"
    except requests.RequestException as error:
        return f"no answer ({type(error).__name__})"
    status = answer.status_code
    if not wanted and _is_exposition(answer.text):
        return "answers with metrics, as the program of a worker does at every path"
    if status in wanted or (wanted != (404,) and 200 <= status < 400):
        try:
            answers[path] = ids(answer.json())
        except ValueError:
            answers[path] = {}
        return Probe(route.method, path, route.template, status)
    if status in (401, 403):
        return f"answers {status}: it needs credentials"
    if status >= 500:
        return f"answers {status}: the service itself fails"
    return f"answers {status}"


def _is_exposition(text: str) -> bool:
    try:
        return "# TYPE " in text and bool(parse(text).families)
    except ValueError:
        return False


def observe(target: Target, probes: Sequence[Probe], settle: float = 0.05) -> Observed:
    """Readings around each probe, and around nothing. settle: seconds between a request and the reading after it.

    Raises:
        EvidenceError: the metrics can't be read any more.
    """
    begin = time.monotonic()
    before = target.read()
    first = time.monotonic() - begin
    asked = target.asked
    return Observed(before, (*_batches(target, probes, settle, first), *_elsewhere(target)), asked)


def _elsewhere(target: Target) -> Iterator[Batch]:
    """Readings over connections of their own: a connection that is kept stays with one of several processes."""
    fewest, most = ELSEWHERE
    first = time.monotonic()
    for number in range(most):
        begin = time.monotonic()
        if number >= fewest and begin - first > ELSEWHERE_SECONDS:
            return
        target.renew()
        after = target.read()
        yield Batch(None, 0, time.monotonic() - begin, after)


def _batches(target: Target, probes: Sequence[Probe], settle: float, first: float) -> Iterator[Batch]:
    """first: seconds that the reading before them took."""
    rounds: list[Probe | None] = [None, None, *probes, None]
    for number, probe in enumerate(rounds):
        begin = time.monotonic()
        times = 0 if probe is None else TIMES[number % len(TIMES)]
        sent = 0
        for _ in range(times):
            assert probe is not None
            try:
                sent += target.get(probe.path, probe.method).status_code == probe.status
            except requests.RequestException:
                break
        seconds = time.monotonic() - begin + (first if number == 0 else 0.0)
        target.pause(settle)
        reading = time.monotonic()
        after = target.read()
        seconds += time.monotonic() - reading
        yield Batch(probe, sent, seconds, after, spoilt=sent != times)
