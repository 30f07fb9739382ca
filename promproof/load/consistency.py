"""What no single key of a scenario shows: names that nobody defines, orders that nobody can carry out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from promproof.config.yamltext import Key
from promproof.load.conditions import Condition
from promproof.load.models import Once, Pause, Request, Scenario, Session
from promproof.load.template import Name, Reference, Sample, compile_body, parse, references


@dataclass(frozen=True)
class Problem:
    """A mistake: the key where it is, what was found there and what was expected."""

    key: Key
    text: str


def check(scenario: Scenario) -> list[Problem]:
    """Every mistake that the models of the keys cannot see, in the order of the file."""
    return [
        *_bounds(scenario),
        *_arrival(scenario),
        *_conditions(scenario),
        *_pools(scenario),
        *_names(scenario),
        *(problem for key, session in scenario.sessions() for problem in _session(scenario, key, session)),
    ]


def _bounds(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.mix and not scenario.once:
        yield Problem(("mix",), "missing, expected sessions under mix, or under once")
    if scenario.mix and scenario.arrival is None:
        yield Problem(("arrival",), "missing, expected how the sessions of the mix arrive")
    if scenario.arrival and not scenario.mix:
        yield Problem(("arrival",), "found without a mix, expected sessions that can arrive")
    if scenario.mix and scenario.seconds is None and scenario.max_requests is None:
        yield Problem(
            ("duration",), "missing, expected duration or max_requests, so that the run ends by itself"
        )
    if scenario.duration == 0:
        yield Problem(("duration",), "found 0, expected more than 0")
    if scenario.mix and not any(session.weight for session in scenario.mix):
        yield Problem(("mix",), "the weights add up to 0, expected one above 0")


def _arrival(scenario: Scenario) -> Iterator[Problem]:
    arrival = scenario.arrival
    if arrival is None:
        return
    for key, text in arrival.mistakes():
        yield Problem(("arrival", *key), text)
    if arrival.stages and scenario.duration is not None:
        yield Problem(("duration",), "found together with stages, expected it to be the sum of their `for`")


def _conditions(scenario: Scenario) -> Iterator[Problem]:
    for name, conditions in (("pass", scenario.conditions), ("knee", scenario.knee)):
        for position, condition in enumerate(conditions):
            if problem := misfit(scenario, condition):
                yield Problem((name, position), problem)
    for position, condition in enumerate(scenario.knee):
        if condition.asks_prometheus or condition.over or condition.stage or condition.quantity == "knee":
            yield Problem(
                ("knee", position), "expected a plain condition on what was sent; each stage is a window"
            )
    if scenario.knee and len(scenario.stages) < 2:
        yield Problem(("knee",), "found without stages, expected arrival.stages of rising rates")


def misfit(scenario: Scenario, condition: Condition) -> str | None:
    """What a condition speaks of that the scenario does not have."""
    known = {
        (
            request.method or request.request.split(" ", 1)[0],
            request.endpoint or request.request.split(" ", 1)[1],
        )
        for request in scenario.requests()
    }
    if condition.endpoint is not None and condition.endpoint not in known:
        return _unknown("endpoint", " ".join(condition.endpoint), [" ".join(endpoint) for endpoint in known])
    stages = {stage.name or str(number) for number, stage in enumerate(scenario.stages, 1)}
    if condition.stage is not None and condition.stage not in stages:
        return _unknown("stage", condition.stage, stages)
    if condition.quantity == "knee" and not scenario.knee:
        return "knee without conditions under knee, expected those that a stage must keep"
    return None


def _pools(scenario: Scenario) -> Iterator[Problem]:
    for position, (name, pool) in enumerate(scenario.pools.items()):
        key = ("pools", name, "create")
        earlier = dict(list(scenario.pools.items())[:position])
        variables = _always(scenario)
        if not pool.create.save:
            yield Problem((*key, "save"), "missing, expected the variables that make up an item of the pool")
        if pool.create.leave or pool.create.broken or not pool.create.counted:
            yield Problem(
                key, "found a request without a whole answer, expected one whose answer can be saved"
            )
        yield from _request(scenario, key, pool.create, variables, set(earlier))


def _names(scenario: Scenario) -> Iterator[Problem]:
    seen: set[str] = set()
    for key, session in scenario.sessions():
        if session.name in seen:
            yield Problem(
                (*key, "name"), f"{session.name!r} is the name of another session, expected a name of its own"
            )
        seen.add(session.name)


def _session(scenario: Scenario, key: Key, session: Session | Once) -> Iterator[Problem]:
    variables = _always(scenario)
    for position, pool in enumerate(session.draw):
        if pool not in scenario.pools:
            yield Problem((*key, "draw", position), _unknown("pool", pool, scenario.pools))
        else:
            variables |= scenario.pools[pool].create.save.keys()
    pools = set(scenario.pools)
    for name, value in session.assign.items():
        yield from _text(scenario, (*key, "set", name), value, variables, pools)
        variables.add(name)
    for position, step in enumerate(session.steps):
        if not isinstance(step, Pause):
            yield from _request(scenario, (*key, "steps", position), step, variables, pools)
            variables |= step.save.keys()


def _request(
    scenario: Scenario, key: Key, request: Request, variables: set[str], pools: set[str]
) -> Iterator[Problem]:
    path = request.request.split(" ", 1)[1]
    yield from _text(scenario, (*key, "request"), path, variables, pools)
    yield from _endpoint(key, request, path)
    for field in ("query", "headers"):
        values: Mapping[str, object] = getattr(request, field)
        for name, value in values.items():
            yield from _text(scenario, (*key, field, name), value, variables, pools)
    for field in ("user", "text"):
        yield from _text(scenario, (*key, field), getattr(request, field), variables, pools)
    try:
        body = compile_body(request.body)
    except ValueError as error:
        yield Problem((*key, "json"), str(error))
    else:
        yield from _references(scenario, (*key, "json"), references(body.tree), variables, pools)
    yield from _ending(key, request)
    for position, tally in enumerate(request.tally):
        place = (*key, "tally", position)
        for name, value in tally.labels.items():
            yield from _label(
                scenario, (*place, "labels", name), value, tally.each, request, variables, pools
            )
        if tally.each and _without_answer(request):
            yield Problem(
                (*place, "each"), f"found {tally.each!r}, expected none: there is no whole answer to read"
            )


def _endpoint(key: Key, request: Request, path: str) -> Iterator[Problem]:
    if request.endpoint is not None or request.leave == "half-header" or not request.counted:
        return
    try:
        found = parse(path).references
    except ValueError:
        return
    if any(not isinstance(piece, Name) or piece.name in ("n", "user") for piece in found):
        yield Problem(
            (*key, "endpoint"),
            f"missing: {path!r} is no route template, expected the endpoint as the target labels it",
        )


def _ending(key: Key, request: Request) -> Iterator[Problem]:
    if request.leave in ("after-send", "mid-stream", "half-body") and request.status is None:
        yield Problem(
            (*key, "status"),
            f"missing, expected the status that the target counts with leave: {request.leave}",
        )
    if request.leave == "half-header" and (request.status is not None or request.tally or request.floor):
        yield Problem(
            (*key, "leave"),
            "found half-header with status, tally or floor, expected none: the target counts nothing",
        )
    yield from _body(key, request)
    if request.status is not None and request.leave is None:
        yield Problem(
            (*key, "status"), f"found {request.status} without leave, expected the status under expect"
        )
    if request.leave and request.broken:
        yield Problem((*key, "broken"), "found together with leave, expected one of them")
    if request.save and _without_answer(request):
        yield Problem((*key, "save"), "found with a request that gets no whole answer, expected none")
    if not request.counted and (request.tally or request.leave):
        yield Problem((*key, "counted"), "found false with tally or leave, expected none of them")


def _body(key: Key, request: Request) -> Iterator[Problem]:
    there = request.body is not None or bool(request.text)
    if request.text is not None and request.body is not None:
        yield Problem((*key, "text"), "found together with json, expected one of them")
    if request.chunked and (not there or request.leave or request.http == "1.0"):
        yield Problem((*key, "chunked"), "found true, expected a whole body under json or text, and HTTP/1.1")
    if request.body_after and not there:
        yield Problem((*key, "body_after"), "found without a body, expected one under json or text")
    if request.body_after and (request.leave or request.broken):
        yield Problem(
            (*key, "body_after"), "found with leave or broken, expected a request with a whole answer"
        )
    if request.leave == "half-body" and not there:
        yield Problem((*key, "leave"), "found half-body without a body, expected one under json or text")
    if request.leave == "half-body" and (request.tally or request.floor):
        yield Problem(
            (*key, "leave"),
            "found half-body with tally or floor, expected none: the target never has it whole",
        )
    if request.user is not None and request.anonymous:
        yield Problem((*key, "user"), "found together with anonymous, expected one of them")


def _label(
    scenario: Scenario,
    key: Key,
    value: str,
    each: str | None,
    request: Request,
    variables: set[str],
    pools: set[str],
) -> Iterator[Problem]:
    if value.startswith("@.") and each is None:
        yield Problem(
            key, f"found {value!r} without each, expected a list under each whose items have the field"
        )
    elif value.startswith("$.") and _without_answer(request):
        yield Problem(
            key, f"found {value!r}, expected a constant or a variable: there is no whole answer to read"
        )
    elif not value.startswith(("@.", "$.")):
        yield from _text(scenario, key, value, variables, pools)


def _without_answer(request: Request) -> bool:
    return request.leave is not None or request.broken is not None


def _text(
    scenario: Scenario, key: Key, value: object, variables: set[str], pools: set[str]
) -> Iterator[Problem]:
    if isinstance(value, str):
        try:
            found = parse(value).references
        except ValueError as error:
            yield Problem(key, str(error))
        else:
            yield from _references(scenario, key, found, variables, pools)


def _references(
    scenario: Scenario, key: Key, found: Iterable[Reference], variables: set[str], pools: set[str]
) -> Iterator[Problem]:
    for piece in found:
        if isinstance(piece, Name) and piece.name not in variables:
            yield Problem(key, _unknown("variable", piece.name, variables))
        elif isinstance(piece, Sample):
            if piece.pool not in pools:
                yield Problem(key, _unknown("pool", piece.pool, pools))
                continue
            pool = scenario.pools[piece.pool]
            if piece.variable not in pool.create.save:
                yield Problem(
                    key, _unknown(f"variable of pool {piece.pool}", piece.variable, pool.create.save)
                )
            if (piece.size or 1) > pool.count:
                yield Problem(
                    key, f"{piece.size} different items of pool {piece.pool}, expected at most {pool.count}"
                )


def _always(scenario: Scenario) -> set[str]:
    return {"n", "user"} if scenario.users else {"n"}


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    return f"unknown {what} {name!r}, expected one of: {', '.join(sorted(known)) or '(there is none)'}"
