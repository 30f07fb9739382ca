"""How many small changes of proven alerts the tests that `prove --write-tests` leaves notice, and how fast.

python -m benchmarks.prove_mutants [--sample N] FILES...
"""

from __future__ import annotations

import random
import resource
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import words
from promproof.proofs.asking import Judge
from promproof.proofs.coverage import test_files
from promproof.proofs.generated import write
from promproof.proofs.mutants.score import rule_documents, score
from promproof.proofs.prove import prove
from promproof.proofs.rulefiles import read
from promproof.stack.binaries import find_binary


def main() -> None:
    """Each file alone: others may record the same names."""
    given = words.parser(__doc__)
    given.add_argument("files", nargs="+", type=words.file)
    given.add_argument(
        "--sample", type=words.positive, default=0, help="alerts of each file, where it has more"
    )
    options = given.parse_args()
    most, paths = options.sample, options.files
    promtool = find_binary("promtool").path
    made, dead, files, left = Counter[str](), Counter[str](), 0, 0
    spent = {"prove": 0.0, "write": 0.0, "mutate": 0.0}
    mutate_cpu = 0.0
    for path in paths:
        found = read([path])
        alerts = found.alerts
        if most and len(alerts) > most:
            alerts = random.Random(5).sample(alerts, most)
        with TemporaryDirectory(prefix="mutants-of-proven-") as name:
            begun = perf_counter()
            outcomes = prove(alerts, found.recordings, Judge(promtool))
            spent["prove"] += perf_counter() - begun
            begun = perf_counter()
            written = write(outcomes, found.recordings, promtool, Path(name))
            spent["write"] += perf_counter() - begun
            files, left = files + len(written.files), left + len(written.left)
            for line in written.left:
                print(f"left out: {line}")
            if not written.files:
                continue
            begun, cpu = perf_counter(), _cpu()
            documents = rule_documents([file.with_name(_rules(file)) for file in written.files])
            result = score(promtool, documents, test_files([name]), is_passing=True)
            spent["mutate"] += perf_counter() - begun
            mutate_cpu += _cpu() - cpu
            made.update(mutant.operator for mutant in result.mutants)
            dead.update(result.mutants[number].operator for number in result.killed)
            for mutant in result.survivors:
                print(f"survived: {mutant.subject.name}: {mutant.change.what}")
                print(f"  {' '.join(mutant.subject.expression.split())}")
    for operator, count in made.most_common():
        print(f"{operator:12}{dead[operator]:6} of {count:6}  {dead[operator] / count:.1%}")
    whole = made.total() or 1
    print(f"{files} files ({left} left out), {dead.total()} of {whole} killed, {dead.total() / whole:.1%}")
    print(", ".join(f"{what} {seconds:.0f} s" for what, seconds in spent.items()))
    print(f"{whole / spent['mutate']:.1f} mutants/s, {whole / mutate_cpu:.1f} for each second of a processor")


def _rules(test: Path) -> str:
    return test.name.replace(".test.yml", ".rules.yml")


def _cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
