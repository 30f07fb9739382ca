"""Whether two versions of the code come to the same verdicts about recorded runs, word for word.

    python -m benchmarks.verdicts --write before reports/2026*      # with the one version, into a folder
    python -m benchmarks.verdicts --against before reports/2026*    # with the other; status 1 when a verdict differs

With `--distorted` each run is judged with other numbers as well (`benchmarks/tolerances.py`), so that the bounds stand
in the reasons of what fails. A run that can't be judged is kept with why.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import words
from benchmarks.tolerances import counted, drawn, flips
from promproof.cli.judge import judged
from promproof.errors import InputError

Change = Callable[[str, dict[str, Any]], None]


def more(kind: str, data: dict[str, Any]) -> None:
    """Everything is a third more than it was."""
    for change in (counted, drawn, flips):
        change(kind, data, 4 / 3)


def shifted(kind: str, data: dict[str, Any]) -> None:
    """Everything is about nothing, so that each lower bound is shown."""
    for change in (counted, drawn, flips):
        change(kind, data, -1e-3)


DISTORTED: dict[str, Change] = {"more": more, "shifted": shifted}


def verdicts(folder: Path) -> list[dict[str, Any]] | str:
    """All verdicts of a run as plain data, or why it can't be judged."""
    try:
        return [verdict.as_json() for verdict in judged(folder).verdicts]
    except InputError as error:
        return str(error).replace(str(folder), "RUN")


def distorted(folder: Path, change: Change, into: Path) -> Path:
    """A copy of a run with changed numbers."""
    into.mkdir()
    (into / "inputs").symlink_to(folder.resolve() / "inputs")
    lines = (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    changed = lines[:1]
    for line in lines[1:]:
        try:
            row = json.loads(line)
        except ValueError:  # torn by the end of its writer
            continue
        change(row["kind"], row["data"])
        changed.append(json.dumps(row, separators=(",", ":")))
    (into / "history.jsonl").write_text("\n".join([*changed, ""]), encoding="utf-8")
    return into


def judged_all(folders: Sequence[Path], *, also_distorted: bool) -> Iterator[tuple[str, Any]]:
    """Verdicts by the run's name, and by its name and distortion."""
    for folder in folders:
        started = time.process_time()
        found = verdicts(folder)
        print(f"{time.process_time() - started:6.1f} s of CPU  {folder.name}", file=sys.stderr)
        yield folder.name, found
        for name, change in DISTORTED.items() if also_distorted else ():
            with tempfile.TemporaryDirectory() as place:
                yield f"{folder.name}-{name}", verdicts(distorted(folder, change, Path(place) / "run"))


def differences(before: Any, after: Any) -> list[str]:
    """What is not the same: fields of a claim, or claims that only one has."""
    if isinstance(before, str) or isinstance(after, str):
        return [] if before == after else [f"{before!r:.200} and now {after!r:.200}"]
    old = {verdict["claim"]: verdict for verdict in before}
    new = {verdict["claim"]: verdict for verdict in after}
    found = [f"{claim}: only one has it" for claim in sorted(old.keys() ^ new.keys())]
    for claim in old.keys() & new.keys():
        found += [
            f"{claim}: {key}: {old[claim][key]!r:.600}\n      now {new[claim][key]!r:.600}"
            for key in old[claim]
            if old[claim][key] != new[claim][key]
        ]
    if not found and [row["claim"] for row in before] != [row["claim"] for row in after]:
        found.append("another order")
    return found


def main() -> int:
    """0: the same; 1: something differs."""
    given = words.parser(__doc__)
    given.add_argument("runs", nargs="+", type=words.run)
    given.add_argument("--write", type=Path)
    given.add_argument("--against", type=words.folder)
    given.add_argument("--distorted", action="store_true")
    options = given.parse_args()
    claims = differing = runs = 0
    for name, rows in judged_all(options.runs, also_distorted=options.distorted):
        text = json.dumps(rows)
        runs, claims = runs + 1, claims + (0 if isinstance(rows, str) else len(rows))
        if options.write:
            options.write.mkdir(parents=True, exist_ok=True)
            (options.write / f"{name}.json").write_text(text, encoding="utf-8")
        if options.against:
            before = json.loads((options.against / f"{name}.json").read_text(encoding="utf-8"))
            for difference in differences(before, json.loads(text)):
                differing += 1
                print(f"{name}: {difference}")
    print(f"{claims} verdicts of {runs} runs, {differing} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
