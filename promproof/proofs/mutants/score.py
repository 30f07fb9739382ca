"""The score of test files: of the small changes of rules, how many they notice."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promproof.config import rules as rulefiles
from promproof.config.durations import parse_duration
from promproof.config.inputs import Document
from promproof.config.yamlfile import dump, load
from promproof.errors import InputError
from promproof.proofs.coverage import Coverage, Noticed, TestFile, coverage
from promproof.proofs.mutants.base import Mutant, mutants
from promproof.proofs.mutants.batch import failing, killed
from promproof.proofs.mutants.operators.boundary import is_exact
from promproof.proofs.mutants.project import Entry, Suite, entries, subject, suites, surroundings
from promproof.proofs.mutants.readers import is_read_alike
from promproof.proofs.mutants.repeated import is_recorded_so

ELSEWHERE = "no test file loads these rules, so nothing was judged; name the rule files that they load"


@dataclass(frozen=True)
class Score:
    """Every mutant with its end, what the tests cover, and what could not be judged.

    unread: rules whose expressions are not taken apart. failing: test files that fail without any change, and what
    promtool says; they kill nothing here. unused: test files that load none of the rule files.
    """

    mutants: tuple[Mutant, ...]
    killed: frozenset[int]
    coverage: Coverage
    unread: tuple[str, ...]
    failing: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    is_asked: bool = True
    """Whether any of the given test files was asked, or none was given."""

    @property
    def percent(self) -> float | None:
        """Of 100 mutants, how many are killed; None without any."""
        return 100.0 * len(self.killed) / len(self.mutants) if self.mutants else None

    @property
    def survivors(self) -> list[Mutant]:
        return [mutant for number, mutant in enumerate(self.mutants) if number not in self.killed]


def score(
    promtool: Path,
    documents: Sequence[Document],
    files: Sequence[TestFile],
    say: Callable[[int, int], None] = lambda done, of: None,
    *,
    is_passing: bool = False,
) -> Score:
    """Change each rule of these documents a little, and ask the tests.

    What else a test file loads is there unchanged, as it is for promtool. is_passing: whether promtool has just passed
    all of them; else it is asked, and those that fail are no judges.

    Raises:
        InputError: a document is no rule file.
        EvidenceError: promtool did not answer.
    """
    made: list[Mutant] = []
    unread = []
    for entry in (entry for document in documents for entry in entries(document)):
        read = subject(entry)
        if read is None:
            unread.append(f"{entry.document.where(entry.key)}: {entry.name}")
        else:
            made += mutants(read)
    given = {document.path.resolve() for document in documents}
    used = [file for file in files if not file.loads or given & set(file.loads)]
    known = surroundings(documents, used)
    ready = [suite for suite in suites(used, known) if suite.rules]
    same = [
        mutant
        for mutant in made
        if _is_same_hold(mutant, ready)
        or _is_inexact(mutant, ready)
        or _is_read_alike(mutant, ready)
        or _is_recorded_so(mutant, ready)
    ]
    made = [mutant for mutant in made if mutant not in same]
    broken = [] if is_passing else failing(promtool, ready)
    sound = [suite for suite in ready if all(suite is not other for other, _ in broken)]
    return Score(
        tuple(made),
        frozenset(killed(promtool, sound, made, say)),
        _covered(documents, list(known.values()), used),
        tuple(unread),
        tuple((str(suite.file.document.path), text) for suite, text in broken),
        tuple(str(file.document.path) for file in files if file not in used),
        bool(used) or not files,
    )


def _is_same_hold(mutant: Mutant, suites: Sequence[Suite]) -> bool:
    """Whether another `for` ends at the same evaluation in every test file that asks for the alert."""
    if mutant.operator != "for":
        return False
    asked = [suite for suite in suites if suite.has(mutant.subject) and suite.asks(mutant.subject.name)]
    steps = {parse_duration(suite.file.evaluation_interval) for suite in asked}
    before, after = (
        parse_duration(str(data.get("for") or "0s")) for data in (mutant.subject.data, mutant.change.data)
    )
    return bool(steps) and all(math.ceil(before / step) == math.ceil(after / step) for step in steps)


def _is_inexact(mutant: Mutant, suites: Sequence[Suite]) -> bool:
    """Whether `>` and `>=` may be one, since what is compared is recorded as a rate, a division or an average."""
    if mutant.operator != "boundary":
        return False
    rules = [entry for suite in suites if suite.has(mutant.subject) for entry in suite.rules]
    return not is_exact(mutant.subject, mutant.change, _recorded(rules))


def _is_read_alike(mutant: Mutant, suites: Sequence[Suite]) -> bool:
    """Whether all that test files load and ask reads a changed recording rule alike."""
    if mutant.subject.is_alert:
        return False
    own = [suite for suite in suites if suite.has(mutant.subject)]
    every = {(entry.document.path.resolve(), entry.key): entry for suite in own for entry in suite.rules}
    rules = list(every.values())
    places = {
        (entry.document.path.resolve(), entry.key) for entry in rules if entry.name == mutant.subject.name
    }
    if len(places) != 1 or any("*" in entry.reads for entry in rules):
        return False
    asked = [
        str(entry.get("expr"))
        for suite in own
        for case in suite.raw.get("tests") or ()
        for entry in case.get("promql_expr_test") or ()
    ]
    expressions = dict.fromkeys([*(str(entry.data.get("expr")) for entry in rules), *asked])
    beside = {
        name: texts[0]
        for name, texts in _recorded([entry for entry in rules if not entry.data.get("labels")]).items()
        if sum(entry.name == name for entry in rules) == 1
    }
    return is_read_alike(mutant.subject.data, mutant.change.data, list(expressions), beside)


def _is_recorded_so(mutant: Mutant, suites: Sequence[Suite]) -> bool:
    """Whether all series of a recorded metric meet what a rule asks no more; not if a test file gives some."""
    own = [suite for suite in suites if suite.has(mutant.subject)]
    recorded: dict[str, list[tuple[str, Mapping[str, object]]]] = {}
    for entry in (entry for suite in own for entry in suite.rules if not entry.is_alert):
        labels = entry.data.get("labels")
        given = labels if isinstance(labels, Mapping) else {}
        recorded.setdefault(entry.name, []).append((str(entry.data.get("expr", "")), given))
    for case in (case for suite in own for case in suite.raw.get("tests") or ()):
        for series in case.get("input_series") or ():
            name = str(series.get("series", "")).partition("{")[0].strip()
            if not name:  # it stands among the labels
                return False
            recorded.pop(name, None)
    return is_recorded_so(mutant.subject.data, mutant.change.data, recorded)


def rule_documents(paths: Sequence[Path]) -> list[Document]:
    """The rule files among files and folders; of a folder every YAML file with groups.

    Raises:
        InputError: a file is none, or there is none at all.
    """
    found: dict[Path, Document] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*.y*ml")):
                document = _rules_or_none(file)
                if document is not None:
                    found.setdefault(file.resolve(), document)
        else:
            found.setdefault(path.resolve(), load(path, "a rule file"))
    if not found:
        raise InputError(
            what="no rule file is there",
            where=", ".join(map(str, paths)),
            expected="rule files, or a folder that has some",
            todo="name another folder",
        )
    return list(found.values())


def text(result: Score) -> str:
    """What a person reads: by rule, then every survivor with what would kill it, then what was noticed."""
    lines = []
    for file, said in result.failing:
        lines += [f"{file}: fails without any change, and was left out; correct it first", f"  {said}", ""]
    lines += [f"{file}: loads none of these rule files, and was not asked" for file in result.unused]
    if not result.is_asked:
        lines += [ELSEWHERE, ""]
    lines.append(f"{'rule':<40} {'killed':>9}  tests")
    by_rule: dict[tuple[str, str], list[bool]] = {}
    for number, mutant in enumerate(result.mutants):
        by_rule.setdefault((mutant.subject.name, mutant.subject.where), []).append(number in result.killed)
    tested = [(alert.alert, alert) for alert in result.coverage.alerts]
    for (name, _), dead in by_rule.items():
        about = next((alert for alert_name, alert in tested if alert_name == name), None)
        note = "" if about is None else ", ".join(about.missing) or str(about.cases)
        lines.append(f"{name:<40} {f'{sum(dead)}/{len(dead)}':>9}  {note}".rstrip())
    for mutant in result.survivors:
        lines += ["", f"{mutant.subject.where}: {mutant.subject.name}: survived: {mutant.change.what}"]
        lines += [f"  {line}" for line in diff(mutant)]
        lines.append(f"  a test that would notice: {mutant.change.killer}")
    lines += [f"{noticed}" for noticed in result.coverage.noticed]
    lines += [f"{place}: not mutated, its expression is not taken apart" for place in result.unread]
    if result.percent is None:
        lines.append("no mutants: nothing was judged")
    else:
        lines += ["", f"score: {len(result.killed)} of {len(result.mutants)} killed, {result.percent:.1f} %"]
    return "\n".join(lines) + "\n"


def data(result: Score) -> dict[str, Any]:
    """The same for programs."""
    return {
        "score": result.percent,
        "mutants": len(result.mutants),
        "killed": len(result.killed),
        "survivors": [
            {
                "rule": mutant.subject.name,
                "where": mutant.subject.where,
                "operator": mutant.operator,
                "change": mutant.change.what,
                "diff": diff(mutant),
                "killed_by": mutant.change.killer,
            }
            for mutant in result.survivors
        ],
        "alerts": [
            {"alert": alert.alert, "where": alert.where, "cases": alert.cases, "missing": list(alert.missing)}
            for alert in result.coverage.alerts
        ],
        "noticed": [_noticed(noticed) for noticed in result.coverage.noticed],
        "unread": list(result.unread),
        "failing": [{"file": file, "promtool": said} for file, said in result.failing],
        "unused": list(result.unused),
    }


def diff(mutant: Mutant) -> list[str]:
    """The lines of the rule that differ."""
    before, after = dump(mutant.subject.data).splitlines(), dump(mutant.change.data).splitlines()
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _noticed(noticed: Noticed) -> dict[str, str]:
    return {"where": noticed.where, "alert": noticed.alert, "what": noticed.what, "todo": noticed.todo}


def _covered(given: Sequence[Document], known: Sequence[Document], files: Sequence[TestFile]) -> Coverage:
    """What the tests ask of the given alerts; a name or a recording rule may stand in any file that they load."""
    recorded = _recorded([entry for document in known for entry in entries(document)])
    found = coverage(rulefiles.read(known), files, recorded)
    mine = {(rule.name, rule.where) for rule in rulefiles.read(given)}
    return replace(found, alerts=tuple(alert for alert in found.alerts if (alert.alert, alert.where) in mine))


def _recorded(found: Sequence[Entry]) -> dict[str, list[str]]:
    recorded: dict[str, list[str]] = {}
    for entry in found:
        if not entry.is_alert:
            recorded.setdefault(entry.name, []).append(str(entry.data.get("expr", "")))
    return recorded


def _rules_or_none(path: Path) -> Document | None:
    try:
        document = load(path, "a rule file")
    except InputError:
        return None
    return document if isinstance(document.data.get("groups"), list) else None
