"""How many alerts of rule files are decided without a target, why the others are not, and how fast.

python -m benchmarks.prove_corpus [-v] [--promtool PATH] FILES...
"""

from __future__ import annotations

import resource
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from benchmarks import words
from promproof.proofs.asking import Judge
from promproof.proofs.outcome import OPEN
from promproof.proofs.prove import prove
from promproof.proofs.rulefiles import read
from promproof.stack.binaries import find_binary


def main(paths: list[Path], promtool: Path | None, is_told: bool) -> None:
    """promtool: a program, or its folder; None: the one that runs take. is_told: proven ones are told as well."""
    binary = find_binary("promtool", {} if promtool is None else {"promtool": promtool})
    judge = Judge(binary.path)
    begun, used = perf_counter(), _cpu()
    outcomes = []
    for path in paths:  # each file alone: others may record the same names
        found = read([path])
        for problem in found.problems:
            print(problem)
        outcomes += prove(found.alerts, found.recordings, judge)
        print(f"{len(outcomes)} alerts, {perf_counter() - begun:.0f} s", file=sys.stderr)
    seconds = perf_counter() - begun
    for outcome in outcomes:
        if outcome.verdict != "proven" or is_told:
            print(f"{outcome.verdict:13}{outcome.alert.name}: {outcome.flips} {outcome.reason}")
            if outcome.verdict == OPEN:
                print(f"{'':13}{' '.join(outcome.alert.expression.split())}")
    counts = Counter(outcome.verdict for outcome in outcomes)
    total = len(outcomes) or 1
    decided = total - counts[OPEN]
    print(dict(counts), f"promtool {binary.version}, decided {decided}/{total} = {decided / total:.1%}")
    own, programs = (after - before for after, before in zip(_cpu(), used, strict=True))
    print(f"{total / seconds:.1f} rules/s; with two cores to itself {2 * total / (own + programs):.1f}")
    print(f"{own:.1f} s of a processor here, {programs:.1f} s in promtool, {seconds:.1f} s by the clock")


def _cpu() -> tuple[float, float]:
    """Seconds of a processor, of this process and of the programs that it ran."""
    own, programs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, programs.ru_utime + programs.ru_stime


if __name__ == "__main__":
    wanted = words.parser(__doc__)
    wanted.add_argument("files", nargs="+", type=words.file)
    wanted.add_argument("-v", "--told", action="store_true", help="tell proven alerts as well")
    wanted.add_argument("--promtool", type=Path, help="the judge, instead of the one that runs take")
    given = wanted.parse_args()
    main(given.files, given.promtool, given.told)
