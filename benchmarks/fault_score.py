"""The score of the catalogue of faults for the set-up that ships, beside promtool, amtool and amlint: fault_score.md.

    python -m benchmarks.fault_score --amlint FILE [--run DIR] [--results FILE] > benchmarks/fault_score.md

--results: what `promproof mutate --live --format json` has written; without it that is run first, which takes minutes.
--run: the folder of a run of verify, for the faults of what the target exposes.
The other programs are asked about the file that the fault is in, as it is and with the fault: what they say only then
counts. A word that they do not say of the file as it is, whatever it names, is taken for a catch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from promproof.catalogue.folder import SetUp, copy, set_up
from promproof.catalogue.model import HARMLESS, Catalogue, catalogue
from promproof.catalogue.planting import Planted, planted
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack.binaries import find_binaries

Lines = frozenset[str]
SORTS = {
    "promtool check": ("prometheus", "rules"),
    "amtool check-config": ("alertmanager",),
    "amlint": ("alertmanager",),
}
"""Files that a program reads."""
HEAD = """\
# Faults that are noticed

Written by `python -m benchmarks.fault_score`. The faults are those of [docs/faults.md](../docs/faults.md), each at its
first place in the set-up that ships. A catch of promproof names the right thing; of the others every new word counts.
They read one file of one sort and make no claim about the rest. Panels are judged here without their data: by their
form, and by what their queries give for made series.

"""


def promtool(program: Path, fault: Planted) -> Lines:
    """What it says of a file, and of what that names."""
    what = "config" if fault.fault.where == "prometheus" else "rules"
    return _said([program, "check", what, "--lint=all", fault.file])


def amtool(program: Path, fault: Planted) -> Lines:
    """What it says of a file that it refuses."""
    run = subprocess.run([program, "check-config", fault.file], capture_output=True, text=True, check=False)
    return frozenset() if run.returncode == 0 else frozenset({"refused"})


def amlint(program: Path, fault: Planted) -> Lines:
    """Codes of what it finds."""
    run = subprocess.run(
        [program, "check", "--format", "json", fault.file], capture_output=True, text=True, check=False
    )
    try:
        data = json.loads(run.stdout)
    except ValueError:
        return frozenset({"crash"})
    entries = data if isinstance(data, list) else data.get("findings") or data.get("results") or []
    found = [finding for entry in entries for finding in entry.get("findings", [entry])]
    return frozenset(f"{finding.get('code')} {finding.get('message')}" for finding in found)


def _said(words: list[Any]) -> Lines:
    run = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    lines = (run.stdout + run.stderr).splitlines()
    return frozenset(
        line.strip() for line in lines if line.strip() and "SUCCESS" not in line and "Checking" not in line
    )


def beside(
    known: Catalogue, setup: SetUp, programs: dict[str, Callable[[Planted], Lines]]
) -> dict[str, set[str]]:
    """The faults that each program says something of, and does not without them."""
    found: dict[str, set[str]] = defaultdict(set)
    for fault in known:
        for place in planted(fault, setup):
            for name, ask in programs.items():
                if fault.where not in SORTS[name]:
                    continue
                before, was = ask(place), place.file.read_bytes()
                place.file.write_text(place.text, encoding="utf-8")
                if ask(place) - before:
                    found[name].add(fault.name)
                place.file.write_bytes(was)
    return found


def table(known: Catalogue, results: list[dict[str, Any]], others: dict[str, set[str]]) -> Iterator[str]:
    """A row for each class."""
    yield "| class | faults | promproof | by luck | missed | " + " | ".join(others) + " |"
    yield "|---|--:|--:|--:|--:|" + "--:|" * len(others)
    sums: Counter[str] = Counter()
    for name, family in known.families.items():
        mine = [
            each for each in results if each["fault"].startswith(f"{name}/") and each["fate"] != "no place"
        ]
        if name == HARMLESS or not mine:
            continue
        row = Counter({"faults": len(mine), **Counter(each["fate"] for each in mine)})
        row.update({other: sum(each["fault"] in caught for each in mine) for other, caught in others.items()})
        sums.update(row)
        yield _row(family.title, row, others)
    yield _row("all", sums, others)


def _row(title: str, row: Counter[str], others: dict[str, set[str]]) -> str:
    return (
        f"| {title} | {row['faults']} | {row['caught']} | {row['by luck']} | {row['missed']} | "
        + " | ".join(str(row[name]) for name in others)
        + " |"
    )


def page(known: Catalogue, results: list[dict[str, Any]], others: dict[str, set[str]]) -> Iterator[str]:
    """The whole page."""
    stories = {fault.name: fault.story for fault in known}
    yield from HEAD.splitlines()
    yield from table(known, results, others)
    harmless = [each for each in results if each["fate"] in ("quiet", "false alarm")]
    alarms = [each for each in harmless if each["fate"] == "false alarm"]
    said = {
        name: len([each for each in harmless if each["fault"] in caught]) for name, caught in others.items()
    }
    yield (
        f"\nHarmless changes: {len(harmless)}; false alarms: promproof {len(alarms)}, "
        + ", ".join(f"{name} {count}" for name, count in said.items())
        + "."
    )
    for fate in ("missed", "by luck", "unknown", "false alarm"):
        mine = [each for each in results if each["fate"] == fate]
        if mine:
            yield f"\n## {fate[0].upper()}{fate[1:]}\n"
            for each in mine:
                red = f" ({each['red'][0]['what']})" if each["red"] else ""
                yield f"- `{each['fault']}`: {stories[each['fault']]}{red}"


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fault_score")
    parser.add_argument("--amlint", type=Path)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--run", type=Path)
    given = parser.parse_args()
    known = catalogue()
    if given.results is None:
        words = [sys.executable, "-m", "promproof", "mutate", "--live", "--format", "json"]
        words += ["--run", str(given.run)] if given.run is not None else []
        told = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout
    else:
        told = given.results.read_text(encoding="utf-8")
    binaries = find_binaries()
    programs: dict[str, Callable[[Planted], Lines]] = {
        "promtool check": lambda fault: promtool(binaries.promtool.path, fault),
        "amtool check-config": lambda fault: amtool(binaries.amtool.path, fault),
    }
    if given.amlint is not None:
        programs["amlint"] = lambda fault: amlint(given.amlint, fault)
    with tempfile.TemporaryDirectory(prefix="promproof-") as folder:
        setup = copy(set_up(prepare(Options.of(drill=False))), Path(folder) / "set-up")
        found = beside(known, setup, programs)
    others = {name: found[name] for name in programs}
    sys.stdout.write("".join(f"{line}\n" for line in page(known, json.loads(told)["faults"], others)))


if __name__ == "__main__":
    main()
