"""The page's text: templates filled in by the other modules of this room; every text of a run is escaped.

A part that cannot be drawn costs itself and no other: its place says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from promproof.crash import describe
from promproof.report.counting import open_by_reason
from promproof.report.page import boundaries, causes, claims, counts, panels, swimming, usage
from promproof.report.page.directions import in_order
from promproof.report.page.documentation import documentation
from promproof.report.page.earlier import flips, unsteady
from promproof.report.page.lanes import swims
from promproof.report.page.matrix import Matrix, matrix
from promproof.report.page.moved import Moved, moved
from promproof.report.page.shapes import Swim
from promproof.report.page.subject import Subject, facts, outcome, service
from promproof.run.ending import doubt
from promproof.verdict import Outcome

ASSETS = files("promproof.report").joinpath("assets", "page")
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What HTML or UTF-8 has no place for."""


def page(subject: Subject) -> str:
    """The whole page; the same subject gives the same text."""
    rows = claims.rows(subject)
    blocks, blocks_trouble = part("causes", lambda: causes.causes(subject))
    drills, drills_trouble = part("the drills", lambda: _drills(subject))
    boards, boards_trouble = part("the panels", lambda: panels.boards(subject))
    counted, counted_trouble = part("the metrics", lambda: counts.counts(subject))
    changes, changes_trouble = part("what moved", lambda: _moved(subject))
    said, said_trouble = part("the documentation", lambda: documentation(subject))
    limits, limits_trouble = part("the thresholds", lambda: boundaries.boundaries(subject))
    used, used_trouble = part("the stack's CPU and memory", lambda: usage.stack(subject))
    shown = (blocks_trouble, drills_trouble, boards_trouble, counted_trouble, limits_trouble)
    troubles = (*shown, used_trouble, said_trouble, changes_trouble)
    about: dict[str, Any] = {
        "policy": POLICY,
        "subject": subject,
        "service": service(subject.evidence),
        "outcome": outcome(subject.verdicts, subject.ending),
        "styles": claims.CLASSES,
        "Outcome": Outcome,
        "facts": facts(subject),
        "doubt": doubt(subject.verdicts, subject.ending, strict=False),
        "counts": [(kind, sum(row.outcome is kind for row in rows)) for kind in claims.WORST_FIRST],
        "kinds": claims.kinds(subject.verdicts),
        "rows": rows,
        "blocks": blocks,
        "drills": drills,
        "moved": changes,
        "course": subject.course,
        "counted": counted,
        "limits": limits,
        "boards": boards,
        "stack": used,
        "documented": said,
        "troubles": [said for said in troubles if said],
        "draw": swimming.draw,
        "wide": swimming.WIDE,
        "narrow": swimming.NARROW,
        "reasons": open_by_reason(subject.verdicts),
        "flips": flips(subject.against or subject.earlier[0], subject.verdicts)
        if subject.against or subject.earlier
        else [],
        "unsteady": unsteady(subject.earlier, subject.verdicts),
        "style": Markup(asset("page.css")),
        "script": Markup(asset("page.js")),
    }
    return filled("page.html.j2", about)


def filled(template: str, about: dict[str, Any]) -> str:
    """A template filled in, as a browser can show it."""
    return in_order(printable(environment().get_template(template).render(about)))


def printable(text: str) -> str:
    """A text without what HTML or UTF-8 has no place for."""
    return _UNSHOWN.sub("\ufffd", text)


def _moved(subject: Subject) -> list[Moved]:
    if subject.older is None or subject.evidence is None:
        return []
    return moved(subject.older, subject.evidence)


@dataclass(frozen=True)
class Drills:
    """The drills of a run."""

    swims: Sequence[Swim]
    matrix: Matrix


def _drills(subject: Subject) -> Drills | None:
    if subject.evidence is None:
        return None
    found = swims(subject.evidence, subject.verdicts)
    return Drills(found, matrix(subject.evidence, found))


def part(title: str, make: Callable[[], Any]) -> tuple[Any, str]:
    """What a part of the page shows, or why it can't be shown."""
    try:
        return make(), ""
    except Exception as error:  # a part that breaks must not take the verdicts with it
        return None, f"{title} cannot be drawn: {describe(error)}"


@cache
def environment() -> Environment:
    """The templates, with whatever they show escaped."""
    made = Environment(
        loader=FunctionLoader(asset),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breakable"] = breakable
    made.filters["command"] = command
    made.filters["anchor"] = lambda claim: quote(printable(claim))
    return made


_BREAKS = re.compile(r"(?<=[_/.,])(?=[^_/.,])")


def breakable(text: str) -> Markup:
    """A name that breaks behind `_`, `/`, `.` and `,` where it must, and not in mid-word."""
    return Markup("<wbr>").join(_BREAKS.split(text))


_OPTIONS = re.compile(r"((?<!\S)-{1,2}\w[\w-]*)")


def command(text: str) -> Markup:
    """A command line whose options stay whole: a browser breaks lines behind every hyphen, also in `--claim`."""
    parts = [
        Markup("<span>{}</span>").format(part) if place % 2 else part
        for place, part in enumerate(_OPTIONS.split(text))
    ]
    return Markup("").join(parts)


def asset(name: str) -> str:
    """A file of the page's."""
    return ASSETS.joinpath(name).read_text(encoding="utf-8")
