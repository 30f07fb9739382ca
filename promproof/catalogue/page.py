"""docs/faults.md, made from the catalogue: `python -m promproof.catalogue.page > docs/faults.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from promproof.catalogue.model import HARMLESS, Catalogue, catalogue

HEAD = """\
# A catalogue of monitoring faults

<!-- Written by `python -m promproof.catalogue.page`. -->

    promproof mutate --live --run reports/latest
    promproof mutate --live monitoring/ --only alertmanager -v
    promproof mutate --live --only 'texts/runbook-*' --format json --min-score 90

{faults} faults that a person could really make, in {families} classes, and {harmless} changes that mean no harm. Each
is planted into a copy of your own set-up, at the first place that fits (`--places 3`: at the first three); your files
stay as they are. Then everything is judged that needs no traffic: the findings of `check`, the proofs of `prove`, and
all claims of `verify` about files.

The faults of instrumentation and exposition need no change of your service's code, and no traffic of their own: with
`--run reports/latest` they are judged on the evidence of a finished run of `verify`. What that run read of `/metrics`,
and what Prometheus stored of it, is rewritten in the order of time as the fault would have it, for the first documented
metric that fits; the claims about that metric and the target are judged again. Without `--run` they are left out.

| fate | meaning |
|---|---|
| caught | a claim or finding that is about this fault turned red, and was not red before |
| by luck | something else turned red: somebody looks, in the wrong place |
| missed | all stayed as it was |
| unknown | it could not be judged |
| no place | your files have nothing that it could be done to |
| false alarm | something turned red by a harmless change |

The score is the share of the planted faults that were caught. Exit status: 1 below `--min-score` or with a false
alarm, 2 when nothing could be judged, else 0. The score of the set-up that ships, and those of other programs on the
same faults: [benchmarks/fault_score.md](../benchmarks/fault_score.md).

A class is one file in `promproof/catalogue/data/`. A fault is its name, a line about what it does to somebody at night,
the sort of file, the change (a path of keys, a pattern, what takes its place), and which claims and findings name the
right thing.
"""


def page(known: Catalogue) -> str:
    """The whole page."""
    head = HEAD.format(
        faults=len(known.faults), families=len(known.families) - 1, harmless=len(known.harmless)
    )
    return head + "".join(f"{line}\n" for line in _lines(known))


def _lines(known: Catalogue) -> Iterator[str]:
    for name, family in known.families.items():
        yield f"\n## {family.title[0].upper()}{family.title[1:]}\n"
        yield f"{family.about} {len(family.faults)} in `{name}/`.\n"
        yield "| change | in | what it is |" if name == HARMLESS else "| fault | in | at night |"
        yield "|---|---|---|"
        for fault in family.faults:
            yield f"| `{fault.id}` | {fault.where} | {fault.story.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    sys.stdout.write(page(catalogue()))
