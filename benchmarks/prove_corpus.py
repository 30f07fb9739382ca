"""How many alerts of rule files are decided without a target, why the others are not, and how fast.

python -m benchmarks.prove_corpus FILES...
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from promproof.proofs.asking import Judge
from promproof.proofs.outcome import OPEN
from promproof.proofs.prove import prove
from promproof.proofs.rulefiles import read
from promproof.stack.binaries import find_binary


def main(paths: list[str]) -> None:
    judge = Judge(find_binary("promtool").path)
    begun = perf_counter()
    outcomes = []
    for path in paths:  # each file alone: others may record the same names
        found = read([Path(path)])
        for problem in found.problems:
            print(problem)
        outcomes += prove(found.alerts, found.recordings, judge)
        print(f"{len(outcomes)} alerts, {perf_counter() - begun:.0f} s", file=sys.stderr)
    seconds = perf_counter() - begun
    for outcome in outcomes:
        if outcome.verdict != "proven" or "-v" in sys.argv:
            print(f"{outcome.verdict:13}{outcome.alert.name}: {outcome.flips} {outcome.reason}")
            if outcome.verdict == OPEN:
                print(f"{'':13}{' '.join(outcome.alert.expression.split())}")
    counts = Counter(outcome.verdict for outcome in outcomes)
    total = len(outcomes) or 1
    decided = total - counts[OPEN]
    print(dict(counts), f"decided {decided}/{total} = {decided / total:.1%}")
    print(
        f"{total / seconds:.1f} rules/s, promtool's share of the time {judge.seconds / seconds:.0%}, {seconds:.1f} s"
    )


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if word != "-v"])
