"""Names on a page: counts of dashboards and alerts, lists of names, variables, and names that are nearly right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.promises.known import Known, close_to
from promproof.promises.promise import HEDGED, NO_DEFAULT, Promise, listed
from promproof.promises.prose import spoken
from promproof.promises.quantities import NUMBER_WORD, QUANTITY, amount, same
from promproof.promises.sheet import Passage, Sheet

_CODE = re.compile(r"`([^`]+)`")
_METRIC = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_ALERT = re.compile(r"(?:[A-Z][a-z0-9]+|[A-Z]{2,}(?=[A-Z][a-z]|\b)){2,}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_BEFORE_VARIABLE = re.compile(
    rf"(?P<value>\b(?:{NUMBER_WORD})\b|{QUANTITY})(?P<between>[^.\d()]{{0,20}})\(\s*`(?P<name>[A-Z][A-Z0-9_]+)`\s*\)",
    re.IGNORECASE,
)
_DEFAULT = re.compile(
    r"`(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)` ?\((?:by )?default:? `?(?P<value>[^)`]+)`?\)"
)
_AND = re.compile(r",\s+and\s+|,\s+|\s+and\s+")


_OWN = re.compile(
    r"\b(grafana|it|this|here|we|there|the|folder|set-?up|stack|service)\W+(?:\w+ )?$", re.IGNORECASE
)
"""Who has all the dashboards."""


@dataclass(frozen=True)
class _Kind:
    """Names of one kind: what people call them, and which there are."""

    noun: str
    names: Sequence[str]


def _kinds(known: Known) -> list[_Kind]:
    return [
        _Kind("dashboards", [board.title for board in known.contract.dashboards]),
        _Kind("alerts", [alert.name for alert in known.contract.alerts]),
        _Kind("jobs", known.jobs),
        _Kind("receivers", known.receivers),
    ]


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The promises about names."""
    kinds = [kind for kind in _kinds(known) if kind.names]
    defined = _defined(sheet)
    for passage in sheet.passages:
        if passage.is_row:
            yield from _names(passage, known, defined)
            continue
        for kind in kinds:
            if kind.noun in passage.lower:
                yield from _counted(passage, kind)
                yield from _listed(passage, kind, known)
                yield from _others(passage, kind, sheet, known.contract.target.job)
        yield from _grouped(passage, known)
        yield from _variables(passage, known)
        yield from _boards(passage, known)
        yield from _names(passage, known, defined)
    for block in sheet.blocks_of("bash", "sh", "shell", "console", "promql"):
        if not sheet.is_past(block.line):
            for number, line in enumerate(block.text.splitlines(), start=1):
                yield from _near(
                    Passage(line, block.line + number, ()), _METRIC.findall(line), known, defined
                )


def _defined(sheet: Sheet) -> frozenset[str]:
    """Names that a code block of the page itself brings."""
    return frozenset(
        word
        for block in sheet.page.blocks
        for word in re.findall(r"\w+", block.text)
        if block.language not in ("promql", "bash", "sh", "shell", "console", "")
    )


def _counted(passage: Passage, kind: _Kind) -> Iterator[Promise]:
    """`five dashboards: A, B, …`, `the five dashboards`, `all six alerts`."""
    pattern = re.compile(
        rf"\b(?P<lead>the |all |shows |has |comes with |provisions )?(?P<value>{NUMBER_WORD}|\d+) "
        rf"(?:\w+-?\w* )?{kind.noun}\b"
        r"(?P<after>\s*[:,.;)]|$)?",
        re.IGNORECASE,
    )
    for match in pattern.finditer(passage.flat):
        said = amount(match["value"])
        after = passage.flat[match.end() :]
        following = [name for name in kind.names if re.search(rf"\b{re.escape(name)}\b", after)]
        is_list = (match["after"] or "").strip() == ":" and following
        is_all = (match["lead"] or "").strip().lower() == "all"
        is_whole = (
            kind.noun == "dashboards"
            and (match["lead"] or "").strip()
            and match["after"]
            and not following
            and _OWN.search(passage.flat[: match.end("lead")])
        )
        promise = Promise(
            passage.line_at(match.start("value")),
            "count",
            match[0].rstrip(",.:;) "),
            "page/counts",
            thing=f"count/{kind.noun}",
            value=match["value"],
        )
        if passage.is_hedged or said is None or not (is_list or is_all or is_whole):
            yield promise.is_open("nothing says that all of them are meant")
            continue
        wanted = len(following) if is_list else len(kind.names)
        yield promise.judged(
            said.value == wanted and said.value <= len(kind.names),
            "as many as there are",
            f"{wanted} {kind.noun} are {'named' if is_list else 'there'}: {listed(following or list(kind.names))}",
        )


def _listed(passage: Passage, kind: _Kind, known: Known) -> Iterator[Promise]:
    """`the jobs are A, B and C`: when most of a list are of the kind, all must be."""
    found = re.search(rf"\b{kind.noun}(?: are|:|, )\s*(?P<list>[^.;:()]+)", passage.flat)
    if found is None or passage.is_hedged:
        return
    items = [item.strip(" `") for item in _AND.split(found["list"].strip())]
    right = [item for item in items if item in kind.names]
    if len(right) < 2 or 2 * len(right) <= len(items):
        return
    for item in items:
        promise = Promise(passage.line_at(found.start("list")), "name", item, "page/names")
        if item in kind.names:
            yield promise.holds(f"it is one of the {kind.noun}")
        elif close_to(item, list(kind.names)) or (
            kind.noun != "alerts" and re.fullmatch(r"[\w-]+|(?:[A-Z]\w+ ?)+", item)
        ):
            yield promise.fails(
                f"there are no {kind.noun} of this name; there are {listed(list(kind.names))}"
            )
    twice = sorted({item for item in right if right.count(item) > 1})
    if twice:
        yield Promise(passage.line_at(found.start("list")), "name", found["list"], "page/names").fails(
            f"{listed(twice)} stands twice"
        )


def _others(passage: Passage, kind: _Kind, sheet: Sheet, own: str | None) -> Iterator[Promise]:
    """`The other jobs are A and B`: with the target's own, and those that the section has named, these are all."""
    found = re.search(rf"\bthe other {kind.noun} are (?P<list>[^.;:()]+)", passage.flat, re.IGNORECASE)
    if found is None or passage.is_hedged:
        return
    items = [item.strip(" `") for item in _AND.split(found["list"].strip())]
    if len(items) < 2 or not all(item in kind.names for item in items):
        return
    line = passage.line_at(found.start("list"))
    told = [(passage.line, passage.text) for passage in sheet.passages]
    told += [(block.line, block.text) for block in sheet.page.blocks]
    before = " ".join(text for at, text in told if at < line and sheet.headings_at(at) == passage.headings)
    left = [
        name
        for name in kind.names
        if name not in (*items, own) and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", before)
    ]
    yield Promise(line, "name", found[0], "page/names").judged(
        not left, "they are all", f"{listed(left)} {'is' if len(left) == 1 else 'are'} missing"
    )


def _grouped(passage: Passage, known: Known) -> Iterator[Promise]:
    """`Alerts are grouped by a and b`."""
    found = re.search(
        r"\balerts are grouped by (?P<list>`\w+`(?:(?:, | and |, and )`\w+`)*)", passage.flat, re.IGNORECASE
    )
    wanted = (known.read.alertmanager.get("route") or {}).get("group_by") if known.read.alertmanager else None
    if found is None or not isinstance(wanted, list) or passage.is_hedged:
        return
    said = _CODE.findall(found["list"])
    groups = [sorted(map(str, group)) for group in _groups(known.read.alertmanager.get("route"))]
    yield (
        Promise(
            passage.line_at(found.start()),
            "setting",
            found[0],
            "page/settings",
            thing="setting/group by",
            value=listed(sorted(said)),
        )
        .judged(
            sorted(said) in groups,
            "as in the Alertmanager configuration",
            f"the Alertmanager configuration groups by {listed(wanted)}",
        )
        .unless(passage.is_doubtful)
    )


def _groups(route: Any) -> Iterator[list[Any]]:
    """The labels by which each route groups."""
    if isinstance(route, dict):
        if isinstance(route.get("group_by"), list):
            yield route["group_by"]
        for inner in route.get("routes") or ():
            yield from _groups(inner)


def _variables(passage: Passage, known: Known) -> Iterator[Promise]:
    """`5 minutes (VARIABLE)`, `VARIABLE (default 5m)`, and variables that nobody knows."""
    for pattern in (_BEFORE_VARIABLE, _DEFAULT):
        for match in pattern.finditer(passage.flat):
            name, said = match["name"], match["value"].strip()
            default = known.read.variables.get(name)
            promise = Promise(
                passage.line_at(match.start()),
                "variable",
                " ".join(match[0].split()),
                "page/variables",
                thing=f"variable/{name}",
                value=said,
            )
            if default is None or passage.is_hedged:
                yield promise.is_open(NO_DEFAULT)
            elif amount(default) is not None and amount(said) is None:
                yield promise.is_open(f"{said} is no number")
            else:
                yield promise.judged(
                    same(said, default), "as in the compose file", f"its default is {default}"
                )
    names = [code for code in _CODE.findall(passage.flat) if _VARIABLE.fullmatch(code)]
    variables = (
        set(known.read.variables)
        | {name for service in known.services.values() for name in service.environment}
        | {figure.value for figure in known.contract.page.figures}
        | set(known.contract.target.environment)
    )
    for name in names:
        promise = Promise(passage.line_at(passage.flat.find(f"`{name}`")), "variable", name, "page/variables")
        if name in variables:
            yield promise.holds("the compose file has it")
        elif variables and known.contract.closed("variables") and not passage.is_hedged:
            yield promise.fails(
                f"neither the compose file nor the contract knows it{_meant(name, variables)}"
            )
        else:
            yield promise.is_open("the compose file does not name it")


def _meant(name: str, names: object) -> str:
    meant = close_to(name, names)
    return f"; there is {meant}" if meant else ""


_LOOK = re.compile(r"\b(?:look at|see|open|watch)\s+(?:the )?$", re.IGNORECASE)
"""Before what is a panel, whatever it is called."""


def _boards(passage: Passage, known: Known) -> Iterator[Promise]:
    """`Error Distribution on the HTTP Performance dashboard`."""
    boards = {board.title: board for board in known.contract.dashboards}
    for match in re.finditer(r"\bon the (?P<board>(?:[A-Z][\w/]* ?)+)dashboard\b", passage.flat):
        title = match["board"].strip()
        promise = Promise(passage.line_at(match.start("board")), "name", f"{title} dashboard", "page/names")
        if passage.is_hedged or title not in boards:
            meant = close_to(title, list(boards))
            wrong = promise.fails(f"no dashboard is called {title}; there is {meant}")
            yield wrong.unless(passage.denies(match.start()), HEDGED) if meant else promise
            continue
        yield promise.holds("there is one")
        before = passage.flat[: match.start()].rstrip()
        panel = re.search(r"(?:[A-Z0-9][\w/]* (?:by |of |and )?)*[A-Z][\w/]*$", before)
        if panel is None:
            continue
        titles = [claim.title for claim in boards[title].panels]
        others = {claim.title for board in boards.values() for claim in board.panels}
        named = next((name for name in sorted(titles, key=len, reverse=True) if before.endswith(name)), "")
        shown = Promise(passage.line_at(match.start()), "name", named or panel[0], "page/names")
        elsewhere = next(
            (name for name in sorted(others, key=len, reverse=True) if before.endswith(name)), ""
        )
        if named:
            yield shown.holds("the dashboard has this panel")
        elif elsewhere or close_to(panel[0], titles) or _LOOK.search(before[: -len(panel[0])]):
            yield shown.fails(f"{title} has no panel {elsewhere or panel[0]}; it has {listed(titles)}")


def _names(passage: Passage, known: Known, defined: frozenset[str]) -> Iterator[Promise]:
    words = [word for code in _CODE.findall(passage.flat) for word in _METRIC.findall(code)]
    alerts = [word[0] for word in re.finditer(_ALERT, passage.flat)]
    yield from _near(passage, [*words, *alerts], known, defined)


def _near(passage: Passage, words: list[str], known: Known, defined: frozenset[str]) -> Iterator[Promise]:
    """Names of metrics and alerts that are known, and those that miss a known one by a letter or two."""
    spelt = {spoken(name) for name in known.alerts}
    exposed = known.metrics | known.alerts.keys()
    meant_ones = exposed | {name for name in known.contract.allowed or () if not name.endswith("*")}
    labels = {label for metric in known.contract.metrics for label in metric.labels}
    for word in dict.fromkeys(words):
        line = passage.line_at(max(passage.flat.find(word), 0))
        promise = Promise(line, "name", word, "page/names")
        if word in exposed:
            yield promise.holds("it is known")
        elif word in defined or word in labels or word in spelt or known.contract.permits(word):
            continue
        elif len(word) > 7 and (meant := close_to(word, meant_ones)):
            yield (
                promise.is_open(HEDGED)
                if passage.denies(passage.flat.find(word))
                else promise.fails(f"nothing is called {word}; there is {meant}")
            )
