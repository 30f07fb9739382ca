"""Checks scenario files, or prints their schema: `python -m promproof.cli.scenarios check FILE ...`, `... schema`."""

import json
import sys

from promproof.crash import guard
from promproof.errors import InputError
from promproof.load.scenario import json_schema, load, resolve

USAGE = (
    "usage: python -m promproof.cli.scenarios check SCENARIO ... | python -m promproof.cli.scenarios schema"
)


def main(arguments: list[str]) -> int:
    """Exit status: 0 when all files are right, 4 for a mistake."""
    match arguments:
        case ["schema"]:
            sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
            return 0
        case ["check", *names] if names:
            return max(_check(name) for name in names)
        case _:
            sys.stderr.write(USAGE + "\n")
            return 4


def _check(name: str) -> int:
    try:
        path = resolve(name)
        scenario = load(path)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    sys.stdout.write(
        f"{path}: {scenario.name}, {len(scenario.mix)} sessions in the mix, {len(scenario.once)} once\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(guard("python -m promproof.cli.scenarios", lambda: main(sys.argv[1:])))
