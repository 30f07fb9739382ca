"""The score as a table of 80 columns, and as JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from promproof.catalogue.model import HARMLESS, Catalogue
from promproof.catalogue.scoring import Fate, Scored, by_family, percent

WIDTH = 80
HEAD = f"{'class':17}{'faults':>8}{'caught':>8}{'by luck':>9}{'missed':>8}{'unknown':>9}{'no place':>10}{'score':>8}"


def text(results: Sequence[Scored], catalogue: Catalogue, *, is_verbose: bool = False) -> str:
    """The score by class, what was missed, and which harmless changes set something off."""
    families = by_family(results, catalogue)
    lines = [HEAD]
    for name, mine in families.items():
        if name != HARMLESS:
            lines.append(_row(catalogue.families[name].title, mine))
    faults = [each for each in results if each.fault.family != HARMLESS]
    lines.append(_row("all", faults))
    for fate, head in ((Fate.MISSED, "missed"), (Fate.LUCK, "caught by luck"), (Fate.UNKNOWN, "not judged")):
        lines += _list(head, [each for each in faults if each.fate is fate])
    harmless = families.get(HARMLESS, [])
    if harmless:
        alarms = [each for each in harmless if each.fate is Fate.ALARM]
        judged = sum(each.fate in (Fate.ALARM, Fate.QUIET) for each in harmless)
        lines += ["", f"harmless changes: {judged}, false alarms: {len(alarms)}"]
        lines += _list("false alarms", alarms)
    if is_verbose:
        lines += ["", *(line for each in results for line in _verbose(each))]
    return "\n".join(lines) + "\n"


def _row(title: str, mine: Sequence[Scored]) -> str:
    counts = Counter(each.fate for each in mine)
    planted = len(mine) - counts[Fate.NO_PLACE]
    score = percent(mine)
    shown = "-" if score is None else f"{score:.0f} %"
    return (
        f"{title:17}{planted:>8}{counts[Fate.CAUGHT]:>8}{counts[Fate.LUCK]:>9}{counts[Fate.MISSED]:>8}"
        f"{counts[Fate.UNKNOWN]:>9}{counts[Fate.NO_PLACE]:>10}{shown:>8}"
    )


def _list(head: str, mine: Sequence[Scored]) -> Iterator[str]:
    if not mine:
        return
    yield ""
    yield f"{head}:"
    for each in mine:
        told = each.why or (f"{each.red[0].what}: {each.red[0].text}" if each.red else each.fault.story)
        yield from textwrap.wrap(
            f"{named(each)}: {told}", WIDTH, initial_indent="  ", subsequent_indent="    ", max_lines=3
        )


def named(scored: Scored) -> str:
    """A fault, and which of its places where it is not the first."""
    return scored.fault.name + (f" ({scored.number + 1})" if scored.number else "")


def _verbose(scored: Scored) -> Iterator[str]:
    yield f"{scored.fate}: {named(scored)}" + (f" in {scored.file}" if scored.file else "")
    for line in scored.diff.splitlines()[:6]:
        yield "    " + textwrap.shorten(f"{line[0]} {line[1:]}", WIDTH - 4)
    for red in scored.red[:3]:
        yield "    " + textwrap.shorten(f"{red.what}: {red.text}", WIDTH - 4)


def data(results: Sequence[Scored], catalogue: Catalogue) -> dict[str, Any]:
    """The same for programs."""
    faults = [each for each in results if each.fault.family != HARMLESS]
    return {
        "score": percent(faults),
        "classes": {
            name: {"score": percent(mine), **Counter(str(each.fate) for each in mine)}
            for name, mine in by_family(results, catalogue).items()
        },
        "faults": [
            {
                "fault": each.fault.name,
                "place": each.number,
                "fate": str(each.fate),
                "file": each.file,
                "diff": each.diff,
                "red": [{"what": red.what, "text": red.text} for red in each.red],
                "why": each.why,
            }
            for each in results
        ],
    }
