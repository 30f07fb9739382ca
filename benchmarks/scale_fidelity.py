"""Whether a time scale changes anything but time: two runs of the same drills, at scale 1 and at another one.

    python -m benchmarks.scale_fidelity FOLDER_AT_1 FOLDER_AT_N

Compares the verdicts, and the time of each hop less what no scale shortens: injected delays and the machine's own
lateness. What is left may differ by two scrapes and two evaluations, as they are deployed. The status is 0 when all
agree.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import words
from promproof.contract.model import load, seconds
from promproof.drills.case import Case, build
from promproof.drills.hops import hops
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import read
from promproof.evidence.records import DrillDriven
from promproof.places import DEFAULT_CONTRACT


def cases(folder: Path) -> dict[str, Case]:
    """The drills of a run by name."""
    evidence = Evidence(load(DEFAULT_CONTRACT), read(folder / "history.jsonl"))
    return {
        driven.data.name: build(evidence, driven.data.name) for driven in evidence.history.of(DrillDriven)
    }


def verdicts(folder: Path) -> dict[str, str]:
    """Outcomes by claim."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {verdict["claim"]: verdict["outcome"] for verdict in report["verdicts"]}


def constant(case: Case) -> float:
    """Seconds of a hop that no scale shortens."""
    fault = case.drill.fault
    delay = seconds(fault.hold_back) if fault.hold_back else 0.0
    return delay + case.slack


def main(real: Path, scaled: Path) -> int:
    """Print a line for each hop; 1 when one differs by more than it may."""
    differing = {
        claim: (outcome, other)
        for claim, outcome in verdicts(real).items()
        if (other := verdicts(scaled).get(claim)) is not None and other != outcome
    }
    for claim, (outcome, other) in differing.items():
        print(f"{claim}: {outcome} at scale 1, {other} at scale")
    bad = bool(differing)
    fast = cases(scaled)
    for name, slow in cases(real).items():
        if name not in fast:
            continue
        factor = fast[name].timing.scale
        most = (
            2 * slow.timing.scrape
            + 2 * slow.timing.evaluation
            + constant(slow)
            + factor * constant(fast[name])
        )
        for hop, twin in zip(hops(slow), hops(fast[name]), strict=True):
            if hop.after is None or twin.after is None or hop.name in ("fault", "healed"):
                continue
            scaled_up = factor * twin.after
            difference = hop.after - scaled_up
            bad = bad or abs(difference) > most
            times = f"{hop.after:8.1f} s{scaled_up:8.1f} s{difference:8.1f} s"
            print(f"{name:<24}{hop.name:<18}{times}, at most {most:.1f} s")
    return int(bad)


if __name__ == "__main__":
    given = words.parser(__doc__)
    for name in ("real", "scaled"):
        given.add_argument(name, type=words.run, help=f"the folder of the {name} run")
    sys.exit(main(**vars(given.parse_args())))
