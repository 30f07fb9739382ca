"""Memory and time of `promproof prove` over many rules: a random alert of the grammar for each, in ten files.

python -m benchmarks.prove_memory 1000
"""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path
from subprocess import DEVNULL, run
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import words
from promproof.config.yamlfile import dump
from tests.proofs.prove import grammar

FILES = 10


def main() -> None:
    given = words.parser(__doc__)
    given.add_argument("number", type=words.positive)
    number = given.parse_args().number
    chance = random.Random(number)
    with TemporaryDirectory(prefix="prove-memory-") as name:
        folder = Path(name)
        for file in range(FILES):
            rules = [
                {"alert": f"A{file}x{place}", "expr": grammar.alert(chance)[0], "for": "5m"}
                for place in range(number // FILES)
            ]
            text = dump({"groups": [{"name": f"g{file}", "rules": rules}]})
            (folder / f"{file}.rules.yml").write_text(text, encoding="utf-8")
        begun = perf_counter()
        command = [sys.executable, "-m", "promproof", "prove", str(folder), "--no-cache"]
        status = run(command, stdout=DEVNULL, check=False).returncode
        took = perf_counter() - begun
    most = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{number} alerts in {FILES} files: exit status {status}, {took:.0f} s")
    print(f"{most.ru_utime + most.ru_stime:.0f} s of processor time, promtool's among it")
    print(f"{most.ru_maxrss / 1024:.0f} MB at most, of the largest process")


if __name__ == "__main__":
    main()
