"""How many random alerts flip where their grammar says, by promtool.

python -m benchmarks.prove_random [NUMBER [SEED]]
"""

from __future__ import annotations

from random import Random
from time import perf_counter

from benchmarks import words
from promproof.proofs.asking import Judge
from promproof.proofs.outcome import Alert
from promproof.proofs.prove import prove
from promproof.stack.binaries import find_binary
from tests.proofs.prove.grammar import RECORDINGS, alert


def main(number: int, seed: int) -> None:
    """Every one that is not proven there is printed."""
    chance = Random(seed)
    rows = [alert(chance) for _ in range(number)]
    alerts = [Alert(str(n), text, 0.0, {"alert": str(n), "expr": text}) for n, (text, _) in enumerate(rows)]
    begun = perf_counter()
    found = prove(alerts, RECORDINGS, Judge(find_binary("promtool").path), scrape=15.0)
    right = 0
    for outcome, (text, flips) in zip(found, rows, strict=True):
        if (outcome.verdict, outcome.flips) == ("proven", flips):
            right += 1
        else:
            print(f"{outcome.verdict} {outcome.flips}: {text}: {outcome.reason}")
    print(f"{right} of {number} as the grammar says, {number / (perf_counter() - begun):.1f} a second")


if __name__ == "__main__":
    given = words.parser(__doc__)
    given.add_argument("number", nargs="?", type=words.positive, default=300)
    given.add_argument("seed", nargs="?", type=int, default=1)
    main(**vars(given.parse_args()))
