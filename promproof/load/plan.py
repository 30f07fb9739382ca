"""A scenario made ready to run: templates parsed, bodies encoded, and the order of everything decided by the
seed.

Who does what is decided without chance where counts matter: the mix is dealt by error diffusion, so that any
stretch of arrivals holds its exact share of every session, and items of a pool are drawn in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, urlencode

from promproof.load.models import Once, Pause, Request, Scenario, Session, Step, Tally
from promproof.load.template import Body, Template, compile_body, parse
from promproof.load.wire import CHUNKED, Call

Item = Mapping[str, object]
"""saved variables of one item of a pool"""


class Unfilled(LookupError):
    """A pool that nothing could be created for: what needs an item of it is not played."""


class Visit:
    """One run of a session: its number, its user, its variables. The scope of the session's placeholders."""

    __slots__ = ("_items", "_random", "_seed", "_variables", "n", "user")

    def __init__(self, n: int, user: str | None, items: Mapping[str, Sequence[Item]], seed: int) -> None:
        self.n = n
        self.user = user
        self._items = items
        self._seed = seed
        self._random: Random | None = None
        self._variables: dict[str, object] = {"n": n, "user": user}

    def update(self, variables: Item) -> None:
        """Variables that later placeholders see."""
        self._variables.update(variables)

    def variable(self, name: str) -> object:
        return self._variables[name]

    def sample(self, pool: str, variable: str, size: int) -> list[object]:
        items = self._items.get(pool, ())
        if len(items) < size:
            raise Unfilled(pool)
        return [item[variable] for item in self._chance().sample(items, size)]

    def random(self, low: int, high: int) -> int:
        return self._chance().randint(low, high)

    def _chance(self) -> Random:
        if self._random is None:
            self._random = Random(f"{self._seed}/{self.n}")
        return self._random


class ReadyRequest:
    """A request of the scenario with everything computed that is the same in every run."""

    def __init__(self, spec: Request, users_header: str | None) -> None:
        self.spec = spec
        self.method, path = spec.request.split(" ", 1)
        self.label_method = spec.method if spec.method is not None else self.method
        self.endpoint = spec.endpoint if spec.endpoint is not None else path
        self.repeat = spec.repeat if isinstance(spec, Step) else 1
        self.expect = frozenset(spec.expect)
        self.tallies = tuple(ReadyTally(tally, spec) for tally in spec.tally)
        self.reads_answer = bool(spec.save) or any(tally.reads_answer for tally in self.tallies)
        self._path = parse(path)
        self._query = {name: _template(value) for name, value in spec.query.items()}
        self._headers = {name: parse(value) for name, value in spec.headers.items()}
        self._users_header = users_header
        self._body: Body | None = None if spec.body is None else compile_body(spec.body)
        self._user = None if spec.user is None else parse(spec.user)
        self._text = None if spec.text is None else parse(spec.text)
        self._encoded = _encode(self._body.value(_NOBODY)) if self._body and self._body.constant else None

    def call(self, visit: Visit) -> Call:
        """The request as this run sends it."""
        path = "".join(
            part if isinstance(part, str) else quote(str(part.value(visit)), safe="")
            for part in self._path.parts
        )
        if self._query:
            path += "?" + urlencode({name: _query(value, visit) for name, value in self._query.items()})
        headers = {name: value.text(visit) for name, value in self._headers.items()}
        user = self.user(visit)
        if self._users_header is not None and user is not None:
            headers[self._users_header] = user
        body = self._encoded
        if body is None and self._body is not None:
            body = _encode(self._body.value(visit))
        if self._text is not None:
            body = self._text.text(visit).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if self.spec.body_after:
            headers["Expect"] = "100-continue"
        if self.spec.chunked:
            headers[CHUNKED] = "chunked"
        return Call(self.method, path, self.endpoint, headers, body, self.spec.body_after, self.spec.http)

    def user(self, visit: Visit) -> str | None:
        """On whose behalf it is sent: empty for a header that is sent empty, None for no header."""
        if self.spec.anonymous:
            return None
        return visit.user if self._user is None else self._user.text(visit)

    def counted_user(self, visit: Visit) -> str | None:
        """The user that the target can have seen; none in a request that it doesn't count, or never had whole."""
        if not self.spec.counted or self.spec.leave == "half-header":
            return None
        return self.user(visit) or None


class ReadyTally:
    """A tally; its labels parsed into those known before the answer and those that come with it."""

    def __init__(self, spec: Tally, request: Request) -> None:
        self.name = spec.name
        self.each = spec.each
        self.at_most = spec.at_most
        self.not_before = spec.not_before
        self.statuses = frozenset(spec.statuses if spec.statuses is not None else request.expect)
        self._known = {name: parse(value) for name, value in spec.labels.items() if not _from_answer(value)}
        self._answered = {name: value for name, value in spec.labels.items() if _from_answer(value)}
        self.reads_answer = bool(self._answered) or self.each is not None

    def known(self, visit: Visit) -> dict[str, str]:
        """The labels that do not depend on the answer."""
        return {name: value.text(visit) for name, value in self._known.items()}

    def labels(self, visit: Visit, answer: object) -> Iterator[dict[str, str]]:
        """Labels of every event that the answer tells of. Raises LookupError when a field is not there."""
        known = self.known(visit)
        if self.each is None:
            yield {**known, **{name: str(field(answer, path)) for name, path in self._answered.items()}}
            return
        items = field(answer, self.each)
        if not isinstance(items, list):
            raise LookupError(f"{self.each} is no list")
        for item in items:
            found = {
                name: str(field(item if path.startswith("@") else answer, path))
                for name, path in self._answered.items()
            }
            yield {**known, **found}


@dataclass(frozen=True)
class ReadySession:
    """A session of the mix or a once session."""

    name: str
    steps: tuple[ReadyRequest | Pause, ...]
    draw: tuple[str, ...]
    assign: tuple[tuple[str, Template | object], ...]

    @property
    def requests(self) -> tuple[ReadyRequest, ...]:
        """Its steps that send something."""
        return tuple(step for step in self.steps if isinstance(step, ReadyRequest))


@dataclass(frozen=True)
class Share:
    """One of several processes that share a run: it has every `of`-th arrival, user and request."""

    index: int
    of: int

    def has(self, number: int) -> bool:
        """Whether the number-th of all, from 0, is this process's."""
        return number % self.of == self.index

    def part(self, total: int) -> int:
        """Its part of a total; the parts of all processes add up to it."""
        return total // self.of + (self.index < total % self.of)


@dataclass(frozen=True)
class Readied:
    """What the setup and the once sessions leave behind, so that other processes can go on from there."""

    items: dict[str, list[Item]]
    visits: int
    drawn: list[tuple[str, str, int]]


class Plan:
    """Everything a run needs to know of a scenario; hands out visits. `items` are filled in by the setup."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        header = scenario.users.header if scenario.users else None
        self.creates = {name: ReadyRequest(pool.create, header) for name, pool in scenario.pools.items()}
        self.once = [_session(once, header) for once in scenario.once]
        self.mix = [_session(session, header) for session in scenario.mix]
        self.items: dict[str, list[Item]] = {}
        self._deal = deal([session.weight for session in scenario.mix])
        self._visits = 0
        self._drawn: dict[tuple[str, str], int] = {}

    def visit(self, session: ReadySession | None = None) -> Visit:
        """The next run, of a session or of a pool's create request: its number, user and drawn items."""
        n = self._visits
        self._visits += 1
        users = self.scenario.users
        visit = Visit(n, f"user-{n % users.distinct + 1}" if users else None, self.items, self.scenario.seed)
        if session is not None:
            for pool in session.draw:
                visit.update(self._draw(session.name, pool))
            for name, value in session.assign:
                visit.update({name: _value(value, visit)})
        return visit

    def next_of_mix(self) -> tuple[ReadySession, Visit]:
        """The session that arrives next, and its run; one that draws from a pool without items is passed over."""
        session = self.mix[next(self._deal)]
        while self.lacks(session):
            session = self.mix[next(self._deal)]
        return session, self.visit(session)

    def lacks(self, session: ReadySession) -> bool:
        """Whether a session draws from a pool that could not be filled."""
        return any(name in self.items and not self.items[name] for name in session.draw)

    @property
    def has_mix(self) -> bool:
        """Whether some session of the mix can be played."""
        return not self.mix or not all(map(self.lacks, self.mix))

    def readied(self) -> Readied:
        """Where this plan stands."""
        return Readied(
            {name: [dict(item) for item in items] for name, items in self.items.items()},
            self._visits,
            [(session, pool, n) for (session, pool), n in self._drawn.items()],
        )

    def take(self, readied: Readied) -> None:
        """Go on where another process's plan stands."""
        self.items.clear()  # visits hold on to this dict
        self.items.update(readied.items)
        self._visits = readied.visits
        self._drawn = {(session, pool): n for session, pool, n in readied.drawn}

    def _draw(self, session: str, pool: str) -> Item:
        items = self.items[pool]
        drawn = self._drawn.get((session, pool), 0)
        self._drawn[(session, pool)] = drawn + 1
        return items[drawn % len(items)]


def deal(weights: Sequence[float]) -> Iterator[int]:
    """Indices in the proportion of their weights, without end.

    After every k-th one each index i has come k * w_i / sum(w) times, give or take less than 1: the chairman
    assignment of R. Tijdeman (Discrete Mathematics 32, 1980): of those that are due, the one whose deadline
    is next.
    """
    total = sum(weights)
    shares = [(index, weight / total) for index, weight in enumerate(weights) if weight > 0]
    slack = 1.0 - 1.0 / (2 * len(shares) - 2) if len(shares) > 1 else 1.0
    dealt = [0] * len(weights)
    k = 0
    while True:
        k += 1
        best, deadline = shares[0][0], float("inf")
        for index, share in shares:
            owed = k * share - dealt[index]
            if owed >= 1.0 - slack - 1e-9 and (slack - owed) / share < deadline:
                best, deadline = index, (slack - owed) / share
        dealt[best] += 1
        yield best


def field(answer: object, path: str) -> object:
    """The field of a JSON value, `$.steps.0.status` say. Raises LookupError when it is not there."""
    value = answer
    for name in path.split(".")[1:]:
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise LookupError(f"{path} is not there")
    return value


def _session(spec: Session | Once, header: str | None) -> ReadySession:
    return ReadySession(
        name=spec.name,
        steps=tuple(step if isinstance(step, Pause) else ReadyRequest(step, header) for step in spec.steps),
        draw=tuple(spec.draw),
        assign=tuple((name, _template(value)) for name, value in spec.assign.items()),
    )


def _from_answer(value: str) -> bool:
    return value.startswith(("$.", "@."))


def _template(value: object) -> object:
    return parse(value) if isinstance(value, str) else value


def _value(value: object, visit: Visit) -> object:
    return value.value(visit) if isinstance(value, Template) else value


def _query(value: object, visit: Visit) -> str:
    found = _value(value, visit)
    return json.dumps(found) if isinstance(found, bool) else str(found)


def _encode(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


_NOBODY = Visit(0, None, {}, 0)
