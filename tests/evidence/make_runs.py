"""Makes the recorded runs beside it anew, with real stacks: `python -m tests.evidence.make_runs [NAME]...`.

Each folder holds what `promproof judge` needs of a run: its history (gzipped) and its inputs; beside them the verdicts
that the run itself came to. Do it when the history's version is raised, and look at what changed in the verdicts.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tempfile
from pathlib import Path

from promproof.drills.drill import load_folder
from promproof.places import DRILLS, REPOSITORY
from promproof.run import drills, main
from promproof.run.clock import SystemClock
from promproof.run.frame import Result
from promproof.run.options import Options
from promproof.run.prepare import prepare

RUNS = Path(__file__).parent / "runs"
SHOP = REPOSITORY / "tests" / "run" / "shop"


def shop(folder: Path, monitoring: Path) -> Result:
    """The main job on the shop, a service of a few lines."""
    app = f"{{python}} {SHOP / 'shop.py'} {{port}}"
    options = Options.of(contract=SHOP / "contract.yaml", monitoring=monitoring, app=app, stack="processes")
    return main.run(prepare(options), folder, SystemClock(), _say, lambda *_: None)


def red(folder: Path, work: Path) -> Result:
    """The shop, whose rule says something else than its contract."""
    monitoring = work / "monitoring"
    shutil.copytree(SHOP / "monitoring", monitoring)
    rules = monitoring / "shop.rules.yml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("> 0.2", "> 0.3"), encoding="utf-8")
    return shop(folder, monitoring)


def drilled(folder: Path) -> Result:
    """One drill of the shipped service that needs no traffic."""
    [drill] = [drill for drill in load_folder(DRILLS) if drill.plan.name == "HighMemoryUsage"]
    options = Options.of(stack="processes", drill=False)
    return drills.run(prepare(options), [drill], folder, SystemClock(), _say)


def store(name: str, done: Result, work: Path) -> None:
    """Keep what is needed of a run; folders of this machine are named otherwise."""
    into = RUNS / name
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(done.folder / "inputs", into / "inputs")
    text = _named(done.folder.joinpath("history.jsonl").read_text(encoding="utf-8"), work)
    (into / "history.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    verdicts = json.dumps([verdict.as_json() for verdict in done.verdicts], indent=1)
    (into / "verdicts.json").write_text(_named(verdicts, work) + "\n", encoding="utf-8")


def _named(text: str, work: Path) -> str:
    return (
        text.replace(str(work), "/recorded")
        .replace(str(REPOSITORY), "/checkout")
        .replace(sys.prefix, "/python")
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        place = Path(where)
        makers = {
            "green": lambda: shop(place / "green", SHOP / "monitoring"),
            "red": lambda: red(place / "red", place),
            "drill": lambda: drilled(place / "drill"),
            # the picture of the documentation; of a quiet machine, so that it passes
            "lane": lambda: drilled(place / "lane"),
        }
        for name in sys.argv[1:] or makers:
            store(name, makers[name](), place)
