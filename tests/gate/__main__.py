"""`python -m tests.gate`: what `nox -s tests` and `nox -s nightly` run."""

from __future__ import annotations

import argparse
import sys

from tests.gate.plan import least_text
from tests.gate.run import LEAST, ROOT, Gate


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="nox -s tests --", description="Run every test and judge the count."
    )
    parser.add_argument(
        "--nightly", action="store_true", help="the tests marked nightly instead of the others"
    )
    parser.add_argument(
        "--no-skips", action="store_true", help="a skip is red, also for what this machine lacks"
    )
    parser.add_argument(
        "--may-lack",
        action="append",
        default=[],
        metavar="NEED",
        help="with --no-skips: this machine cannot have NEED, `root` for example",
    )
    parser.add_argument(
        "--count", action="store_true", help=f"write the numbers of tests of now into {LEAST} and run nothing"
    )
    given = parser.parse_args()

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    may_lack = tuple(given.may_lack) if given.no_skips else None
    gate = Gate(nightly=given.nightly, may_lack=may_lack, print=say)
    if given.count:
        gate.reports.mkdir(exist_ok=True)
        record = gate.collect()
        if record.status != 0 or len(record.collections) != 1:
            say("the tests cannot be collected: run pytest --collect-only")
            return 1
        (ROOT / LEAST).write_text(least_text(record.collections[0].items), encoding="utf-8")
        return 0
    return gate.run()


if __name__ == "__main__":
    sys.exit(main())
