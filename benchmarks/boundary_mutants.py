"""Small changes of the shipped rules, and which claim sees each, judged as `promproof verify` judges files.

    python -m benchmarks.boundary_mutants            # all, as a table
    python -m benchmarks.boundary_mutants ServiceDown

boundary_mutants.yaml is the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import words
from promproof.checks import claims
from promproof.checks.base import judge
from promproof.config.rules import read, recordings
from promproof.config.yamlfile import load as load_yaml
from promproof.contract.model import Contract
from promproof.contract.model import load as load_contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Boundary, Routes, RuleFiles
from promproof.places import DEFAULT_MONITORING
from promproof.proofs.boundary import probe
from promproof.proofs.boundary_worlds import ask_worlds
from promproof.run.clock import SystemClock
from promproof.stack.binaries import find_binary
from promproof.verdict import Outcome, Verdict

SCRAPE = 15.0
ASPECTS = ("documented", "boundary", "resolves")
TABLE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Mutant:
    """A textual change of an alert's rule. harmless: whether all must stay green; first: only in the first place."""

    alert: str
    name: str
    before: str
    after: str
    harmless: bool = False
    first: bool = False


def table() -> list[Mutant]:
    """The changes of the table, the harmless ones last."""
    data = load_yaml(TABLE, "a table of changes").data
    made = [Mutant(**row) for row in data["mutants"]]
    return made + [Mutant(**row, harmless=True) for row in data["harmless"]]


FILES = {
    "HighErrorRate": "http",
    "SlowResponses": "http",
    "HighCPUUsage": "resources",
    "HighMemoryUsage": "resources",
    "ServiceDown": "availability",
    "HighPromptFailureRate": "executions",
}


def folder(mutant: Mutant, into: Path) -> list[Path]:
    """The shipped rule files with the change, in a new folder.

    Raises:
        ValueError: the text that is changed is not there.
    """
    files = []
    for path in sorted((DEFAULT_MONITORING / "prometheus" / "rules").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if path.stem == FILES[mutant.alert]:
            text = changed(text, mutant)
        files.append(into / path.name)
        files[-1].write_text(text, encoding="utf-8")
    return files


def changed(text: str, mutant: Mutant) -> str:
    """The text of a rule file with the change in its alert alone."""
    begin = text.index(f"- alert: {mutant.alert}\n")
    end = text.find("- alert:", begin + 1)
    head, own, tail = text[:begin], text[begin : end if end > 0 else None], text[end:] if end > 0 else ""
    where = own if mutant.before in own else text
    if mutant.before not in where:
        raise ValueError(f"{mutant.alert}, {mutant.name}: {mutant.before!r} is not in its rule")
    made = where.replace(mutant.before, mutant.after, 1 if mutant.first else -1)
    return head + made + tail if where is own else made


def verdicts(files: list[Path], contract: Contract, names: Iterable[str], into: Path) -> dict[str, Verdict]:
    """What the static claims about some alerts say of rule files."""
    alerts = tuple(alert for alert in contract.alerts if alert.name in set(names))
    contract = contract.model_copy(update={"alerts": alerts, "documentation": None})
    documents = [load_yaml(file, "a rule file") for file in files]
    promtool = find_binary("promtool").path
    probed = probe(promtool, files, alerts, SCRAPE)
    points = tuple((point.alert, point.q, point.fired) for point in probed.points)
    beside = tuple(ask_worlds(promtool, files, alerts, SCRAPE))
    with closing(Recorder(into / "history.jsonl", "static", SystemClock())) as history:
        rules = recordings(documents)
        names = tuple(dict.fromkeys(name for name, _ in rules))
        history.add(RuleFiles(tuple(file.name for file in files), tuple(read(documents)), names, rules))
        history.add(Routes({alert.name: alert.receivers for alert in alerts}))
        history.add(Boundary(points, worlds=beside, refused=probed.refused))
        evidence = Evidence(contract, history)
        return {
            claim.id: judge(check, claim, evidence)
            for check, claim in claims(contract)
            if claim.id.startswith("alert/") and claim.id.rpartition("/")[2] in ASPECTS
        }


def judged(mutant: Mutant, contract: Contract) -> dict[str, Verdict]:
    """What the static claims about its alert say of a mutant."""
    with TemporaryDirectory(prefix="mutant-") as name:
        return verdicts(folder(mutant, Path(name)), contract, [mutant.alert], Path(name))


def rows(wanted: str) -> Iterator[tuple[Mutant, list[str], str]]:
    """Each mutant with the claims that fail, and the reason of the last one of them."""
    contract = load_contract(DEFAULT_MONITORING / "contract.yaml")
    for mutant in table():
        if wanted not in ("", mutant.alert):
            continue
        said = judged(mutant, contract)
        red = [claim for claim, verdict in said.items() if verdict.outcome is not Outcome.PASS]
        reason = said[red[-1]].reason if red else ""
        yield (
            mutant,
            [
                f"{claim.rpartition('/')[2]}{'' if said[claim].outcome is Outcome.FAIL else '?'}"
                for claim in red
            ],
            reason,
        )


def main() -> int:
    """Print the table; 1 when a mutant is missed, or a harmless change is not green."""
    given = words.parser(__doc__)
    given.add_argument("alert", nargs="?", default="")
    wanted = given.parse_args().alert
    wrong = count = 0
    for mutant, red, reason in rows(wanted):
        count += 1
        is_wrong = bool(red) == mutant.harmless
        wrong += is_wrong
        mark = "WRONG " if is_wrong else ""
        print(
            f"{mark}{mutant.alert:22} {mutant.name:32} {','.join(red) or '-':30} {reason[:110]}", flush=True
        )
    print(f"{count} changes, {wrong} judged wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
