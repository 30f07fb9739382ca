"""What each claim of a judged run could not see: its evidence is changed by ever more, and judged again.

    python -m benchmarks.tolerances reports/latest
    python -m benchmarks.tolerances reports/latest --all     # also the claims that see the smallest change
    python -m benchmarks.tolerances reports/latest --page > docs/tolerances.md

Nothing is assumed of a check: numbers of the record are multiplied, the checks judge the changed record, and the
smallest change at which a claim is no longer a pass is what it sees. Both directions are tried; the worse one counts.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import words
from promproof.checks import claims
from promproof.checks.base import judge_each
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import read
from promproof.evidence.records import Inputs
from promproof.verdict import Outcome

HEAD = """\
# What a green run could not see

Written by `python -m benchmarks.tolerances reports/latest --page`, from a main job of the service that ships. The
record of the run is changed by ever more and judged again: *more* and *less* are the smallest changes at which a claim
is no longer a pass. A smaller one would have passed it by. A claim may be blind in one direction, sharp in the other: a
duration is bounded from above by what the client measured, and from below by what was injected. The same command
says it of your own runs.

| what is changed | by what |
|---|---|
| counted | every number that the target exposed, and that Prometheus stored of it |
| drawn | every number that Prometheus answered to the query of a panel |
| flips | the share or value at which an alert was seen to begin to fire |

"""
UNTOUCHED_HEAD = """
## Not touched

What these rest on is none of that: an alert whose rule is proven on series made from its expression, or that always
fires; a gauge that must be 0 at rest, and any part of 0 is 0.

"""
KINDS_HEAD = """
## Sharp ones

These see a change of {least} in both directions:

| claims | changed | how many |
|---|---|--:|
"""
STEPS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Shares by which numbers are changed, the smallest first."""
_SAMPLE = re.compile(r"^(?P<series>[a-zA-Z_:][\w:]*(?:\{.*\})?) (?P<value>\S+)$")
Change = Callable[[str, dict[str, Any], float], None]
"""Changes the data of a record of some kind by a factor, where it stands."""


def counted(kind: str, data: dict[str, Any], factor: float) -> None:
    """What the target exposed at every reading, and what Prometheus stored of it."""
    if kind == "exposition" and data.get("text"):
        data["text"] = "\n".join(_scaled(line, factor) for line in data["text"].split("\n"))
    if kind == "stored":
        for series in data["series"]:
            series["samples"] = [[t, value * factor] for t, value in series["samples"]]


def _scaled(line: str, factor: float) -> str:
    match = _SAMPLE.match(line)
    if match is None:
        return line
    try:
        value = float(match["value"]) * factor
    except ValueError:
        return line
    return f"{match['series']} {value!r}"


def drawn(kind: str, data: dict[str, Any], factor: float) -> None:
    """What Prometheus answered to the queries of the panels."""
    if kind == "panel":
        for series in data.get("series") or ():
            series["points"] = [[t, value * factor] for t, value in series["points"]]


def flips(kind: str, data: dict[str, Any], factor: float) -> None:
    """Where promtool saw the alerts flip."""
    if kind == "boundary":
        data["points"] = [[alert, q and q * factor, fired] for alert, q, fired in data["points"]]


CHANGES: dict[str, tuple[Change, str]] = {
    "counted": (counted, r"metric/.+/(exact|sums?|buckets|kernel|rows|parked|during|window)$"),
    "drawn": (drawn, r"panel/.+/values$"),
    "flips": (flips, r"alert/.+/boundary$"),
}
"""What is changed, and the claims that are about it."""


@dataclass(frozen=True)
class Row:
    """What a claim saw: the smallest change upwards and downwards; None: it saw none that was tried."""

    claim: str
    what: str
    up: float | None
    down: float | None
    tolerance: str

    @property
    def is_untouched(self) -> bool:
        """Whether it is exact, and no change made a difference: what it rests on was not changed."""
        return self.up is None and self.down is None and self.tolerance == "exact"

    @property
    def unseen(self) -> float:
        """The largest change that may pass it by."""
        return max(
            float("inf") if self.up is None else self.up, float("inf") if self.down is None else self.down
        )


def text_of(lines: list[dict[str, Any]]) -> str:
    """The lines of a history as it writes them: one that names an earlier one is told by its first bytes."""
    return "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)


def outcomes(
    folder: Path, lines: list[dict[str, Any]], is_wanted: Callable[[str], object]
) -> dict[str, tuple[Outcome, str]]:
    """What some claims say of a history, and their tolerance. lines: its records, as they stand in the file."""
    path = folder / "changed.jsonl"
    path.write_text(text_of(lines), encoding="utf-8")
    try:
        history = read(path)
        record = history.last(Inputs)
        assert record is not None
        evidence = Evidence(load(folder / record.data.contract).of_job(record.data.scrape_job), history)
        pairs = [pair for pair in claims(evidence.contract) if is_wanted(pair[1].id)]
        return {v.claim: (v.outcome, v.tolerance) for v in judge_each(pairs, evidence)}
    finally:
        path.unlink()


def measured(folder: Path, steps: Sequence[float] = STEPS) -> Iterator[Row]:
    """A row for each claim that passed, and each thing that is changed.

    folder: of a run; a file of it is written and taken away again. steps: the changes that are tried.
    """
    text = (folder / "history.jsonl").read_text(encoding="utf-8")
    for what, (change, wanted) in CHANGES.items():
        as_it_is = [json.loads(line) for line in text.splitlines()]
        before = outcomes(folder, as_it_is, re.compile(wanted).match)
        waiting = {claim for claim, (outcome, _) in before.items() if outcome is Outcome.PASS}
        seen: dict[tuple[str, int], float] = {}
        for share in steps:
            for sign in (1, -1):
                left = {claim for claim in waiting if (claim, sign) not in seen}
                if not left:
                    continue
                lines = [json.loads(line) for line in text.splitlines()]
                for line in lines:
                    change(line.get("kind", ""), line.get("data", {}), 1 + sign * share)
                after = outcomes(folder, lines, left.__contains__)
                seen |= {(claim, sign): share for claim in left if after[claim][0] is not Outcome.PASS}
        for claim in sorted(waiting):
            yield Row(claim, what, seen.get((claim, 1)), seen.get((claim, -1)), before[claim][1])


def page(rows: Sequence[Row]) -> Iterator[str]:
    """The page: the blindest claims first, then how many see the smallest change."""
    yield from HEAD.splitlines()
    yield "## Blunt ones"
    yield ""
    yield "| claim | changed | more | less | why |"
    yield "|---|---|--:|--:|---|"
    for row in rows:
        if row.unseen > STEPS[0] and not row.is_untouched:
            why = row.tolerance.replace("|", "\\|")
            yield f"| `{row.claim}` | {row.what} | {_shown(row.up)} | {_shown(row.down)} | {why} |"
    yield from UNTOUCHED_HEAD.splitlines()
    yield ", ".join(f"`{row.claim}`" for row in rows if row.is_untouched) + "."
    yield from KINDS_HEAD.format(least=_shown(STEPS[0])).splitlines()
    sharp = Counter((kind_of(row.claim), row.what) for row in rows if row.unseen <= STEPS[0])
    for (kind, what), count in sorted(sharp.items()):
        yield f"| `{kind}` | {what} | {count} |"


def kind_of(claim: str) -> str:
    """`metric/http_requests_total/exact` as `metric/NAME/exact`."""
    first, *_, last = claim.split("/")
    return f"{first}/{'DASHBOARD/PANEL' if first == 'panel' else 'NAME'}/{last}"


def _shown(share: float | None) -> str:
    return "not seen" if share is None else f"{100 * share:g} %"


def main() -> int:
    """Print the table, the blindest claims first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run", type=words.run)
    parser.add_argument("--page", action="store_true", help="as docs/tolerances.md has it")
    parser.add_argument("--all", action="store_true", help="also the claims that see the smallest change")
    given = parser.parse_args()
    rows = sorted(measured(given.run.resolve()), key=lambda row: (-row.unseen, row.claim))
    if given.page:
        sys.stdout.write("".join(f"{line}\n" for line in page(rows)))
        return 0
    shown = [row for row in rows if given.all or row.unseen > STEPS[0]]
    for row in shown:
        up, down = (f"{side:.1%}" if side is not None else "none" for side in (row.up, row.down))
        print(f"{row.claim:60} {row.what:8} +{up:>7} -{down:>7}  {row.tolerance[:70]}")
    print(f"{len(rows)} claims, {len(rows) - len(shown)} see a change of {STEPS[0]:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
