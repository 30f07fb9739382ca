"""The score as a table of 80 columns, what was missed in a line each, and as JSON."""

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
    faults = [result for result in results if result.fault.family != HARMLESS]
    lines.append(_row("all", faults))
    for fate, head in ((Fate.MISSED, "missed"), (Fate.LUCK, "caught by luck"), (Fate.UNKNOWN, "not judged")):
        lines += _list(head, [result for result in faults if result.fate is fate])
    harmless = families.get(HARMLESS, [])
    if harmless:
        alarms = [result for result in harmless if result.fate is Fate.ALARM]
        judged = sum(result.fate in (Fate.ALARM, Fate.QUIET) for result in harmless)
        lines += ["", f"harmless changes: {judged}, false alarms: {len(alarms)}"]
        lines += _list("false alarms", alarms)
    if is_verbose:
        lines += ["", *(line for result in results for line in _verbose(result))]
    return "\n".join(lines) + "\n"


def _row(title: str, mine: Sequence[Scored]) -> str:
    counts = Counter(result.fate for result in mine)
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
    for result in mine:
        told = result.why or (
            f"{result.red[0].what}: {result.red[0].text}" if result.red else result.fault.story
        )
        yield f"  {textwrap.shorten(f'{named(result)}: {told}', 3 * WIDTH)}"


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
    faults = [result for result in results if result.fault.family != HARMLESS]
    return {
        "score": percent(faults),
        "classes": {
            name: {"score": percent(mine), **Counter(str(result.fate) for result in mine)}
            for name, mine in by_family(results, catalogue).items()
        },
        "faults": [
            {
                "fault": result.fault.name,
                "place": result.number,
                "fate": str(result.fate),
                "file": result.file,
                "diff": result.diff,
                "red": [{"what": red.what, "text": red.text} for red in result.red],
                "why": result.why,
            }
            for result in results
        ],
    }
