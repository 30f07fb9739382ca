"""Makes few test files of many mutants, and finds which of them the tests notice.

All mutants of an alert stand side by side in one rule file under names of their own, and each case is asked of every
name: the samples are loaded once. Before, their expressions alone are asked (`instants`). What reads ALERTS or another
rule's result can't tell the names apart; so a mutant that is alive after that, and every one of a recording rule, is
asked again alone, with all cases that it can change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from promproof.config.yamlfile import clone
from promproof.proofs.mutants.base import Mutant, Subject
from promproof.proofs.mutants.constant import constant_labels, expected_without, without_labels
from promproof.proofs.mutants.instants import is_askable, noticed, questions, relabelled
from promproof.proofs.mutants.project import ALERTS, TOGETHER, Entry, Suite, metrics, readers
from promproof.proofs.mutants.promtool import Job, judge

PHASES = 12
"""The first asks one test of each file, each further one as many as all before it."""
STEPS: Sequence[tuple[bool, int | None]] = [*((True, phase) for phase in range(PHASES)), (False, None)]
"""Annotations rarely tell what the labels do not: all tests at once, so that few processes are started."""
INSTANTS: Sequence[tuple[int, int | None]] = ((0, 2), (2, 6), (6, 14), (14, None))
"""Which tests, by their length, expressions are asked of: a firing and a silent one tell most."""
_MARK = "__m"


def killed(
    promtool: Path,
    suites: Sequence[Suite],
    mutants: Sequence[Mutant],
    say: Callable[[int, int], None] = lambda done, of: None,
) -> set[int]:
    """The numbers of those mutants that a test notices; the tests pass without any change.

    say: is told how many of the mutants are judged.

    Raises:
        EvidenceError: promtool did not answer.
    """
    dead = relabelled(suites, mutants)
    unclear: set[tuple[int, int]] = set()
    clear = _ask_instants(promtool, suites, mutants, dead)
    say(len(dead), len(mutants))
    for step in STEPS:
        _ask(promtool, suites, mutants, step, dead, unclear, clear)
        say(len(dead), len(mutants))
    alone, numbers = [], []
    for number, mutant in enumerate(mutants):
        for suite in suites:
            if number not in dead and suite.has(mutant.subject):
                job = separate(suite, mutant)
                is_judged = mutant.subject.is_alert and (id(suite), number) not in unclear
                if job is not None and not (is_judged and _is_own(job, mutant.subject)):
                    alone.append(job)
                    numbers.append(number)
    waiting = len(set(numbers))
    answers = judge(
        promtool, alone, lambda done, of: say(len(mutants) - waiting + waiting * done // of, len(mutants))
    )
    return dead | {number for number, answer in zip(numbers, answers, strict=True) if not answer.passed}


def _ask_instants(
    promtool: Path, suites: Sequence[Suite], mutants: Sequence[Mutant], dead: set[int]
) -> set[tuple[int, int]]:
    """What expressions alone tell, few short tests first; of each test file, the mutants that need no more of it.

    These have the rule's label sets at each moment: only all of its texts may tell them yet.
    """
    by_subject: dict[tuple[str, tuple[str | int, ...]], list[Mutant]] = {}
    for mutant in mutants:
        by_subject.setdefault((mutant.subject.file, mutant.subject.key), []).append(mutant)
    usable: dict[tuple[int, str, tuple[str | int, ...]], bool] = {}
    for begin, end in INSTANTS:
        jobs = []
        for suite, subject, numbers in (*_batches(suites, mutants, dead), *readers(suites, mutants, dead)):
            place = (id(suite), subject.file, subject.key)
            if place not in usable:
                usable[place] = is_askable(suite, subject, by_subject.get((subject.file, subject.key), []))
            if usable[place]:
                chosen = [(number, mutants[number]) for number in numbers]
                asked = questions(suite, subject, chosen, suite.by_length[begin:end])
                if asked is not None:
                    jobs.append((place, asked))
        answers = judge(promtool, [asked.job for _, asked in jobs], are_brief=True) if jobs else []
        for (place, asked), answer in zip(jobs, answers, strict=True):
            found = noticed(asked, answer)
            if found is None:
                usable[place] = False
            else:
                dead |= found
    return {
        (id(suite), number)
        for suite, subject, numbers in _batches(suites, mutants, dead)
        if usable.get((id(suite), subject.file, subject.key))
        for number in numbers
    }


def _ask(
    promtool: Path,
    suites: Sequence[Suite],
    mutants: Sequence[Mutant],
    step: tuple[bool, int | None],
    dead: set[int],
    unclear: set[tuple[int, int]],
    clear: Collection[tuple[int, int]],
) -> None:
    """Ask some tests about the mutants of alerts that live: few short ones first, then ever more and longer ones.

    step: without annotations, and the number of the phase; None asks all tests. clear: of a test file, mutants that
    its expressions told from nothing: they are asked of all at once.
    """
    plain, phase = step
    jobs, asked = [], []
    for suite, subject, group in _batches(suites, mutants, dead):
        numbers = [
            number
            for number in group
            if (id(suite), number) not in unclear and not (plain and (id(suite), number) in clear)
        ]
        if not numbers or not (plain or _has_texts(subject) or (id(suite), numbers[0]) in clear):
            continue
        together_with = [(number, mutants[number]) for number in numbers]
        tests = suite.by_length if phase is None else suite.phase(phase)
        job = together(suite, subject, together_with, tests, plain=plain)
        if job is not None:
            jobs.append(job)
            asked.append((suite, numbers))
    for (suite, numbers), answer in zip(asked, judge(promtool, jobs) if jobs else (), strict=True):
        failed = {name.rpartition(_MARK)[2] for name in answer.alerts}
        if "0base" in failed or answer.broken or not (answer.passed or failed):
            # where one stops the others, each is asked alone
            unclear |= {(id(suite), number) for number in numbers}
        else:
            dead |= {int(number) for number in failed if number.isdecimal()}


def failing(promtool: Path, suites: Sequence[Suite]) -> list[tuple[Suite, str]]:
    """The test files that fail as they are, with what promtool says.

    Raises:
        EvidenceError: promtool did not answer.
    """
    jobs = [
        Job(
            clone(suite.raw),
            _rule_file(suite, suite.rules, {}),
            str(suite.file.document.path),
            ", ".join(dict.fromkeys(str(entry.document.path) for entry in suite.rules)),
        )
        for suite in suites
    ]
    answers = judge(promtool, jobs)
    return [
        (suite, answer.text.strip())
        for suite, answer in zip(suites, answers, strict=True)
        if not answer.passed
    ]


def together(
    suite: Suite,
    subject: Subject,
    mutants: Sequence[tuple[int, Mutant]],
    numbers: Collection[int],
    *,
    plain: bool,
) -> Job | None:
    """One job for mutants of one alert; None when no case is about it.

    numbers: of the tests; plain: without annotations, which promtool expands at every evaluation.
    """
    chosen = []
    for number, case in enumerate(suite.raw.get("tests") or ()):
        asked = [e for e in case.get("alert_rule_test") or () if e.get("alertname") == subject.name]
        if asked and number in numbers:
            chosen.append((case, [_without_texts(entry) for entry in asked] if plain else asked))
    if not chosen:
        return None
    namesakes = [entry for entry in suite.rules if entry.is_alert and entry.name == subject.name]
    reads = {name for entry in namesakes for name in entry.reads}
    reads |= {name for _, mutant in mutants for name in metrics(str(mutant.change.data["expr"]))}
    kept_rules = [entry for entry in suite.upstream(reads) if entry not in namesakes]
    constant = _constant(namesakes, kept_rules, mutants, chosen) if plain else frozenset()
    less = {"0base": constant}  # a mutant with other labels keeps all
    for number, mutant in mutants:
        is_same = mutant.change.data.get("labels") == subject.data.get("labels")
        less[str(number)] = constant if is_same else frozenset()
    tests = []
    for case, asked in chosen:
        copies = [
            {**expected_without(entry, names), "alertname": f"{subject.name}{_MARK}{mark}"}
            for mark, names in less.items()
            for entry in asked
        ]
        kept = {key: value for key, value in case.items() if key != "promql_expr_test"}
        tests.append(clone({**kept, "alert_rule_test": copies}))
    copies_of: dict[int, list[dict[str, Any]]] = {}
    for entry in namesakes:
        own = suite.is_same(entry, subject)
        versions = {"0base": entry.data} | {str(n): m.change.data if own else entry.data for n, m in mutants}
        copies_of[id(entry)] = [
            {
                **without_labels(_without(data, ("annotations",) if plain else ()), less[mark]),
                "alert": f"{subject.name}{_MARK}{mark}",
            }
            for mark, data in versions.items()
        ]
    wanted = [entry for entry in suite.rules if entry in namesakes or entry in kept_rules]
    return Job({**suite.raw, "tests": tests}, _rule_file(suite, wanted, copies_of))


def _constant(
    namesakes: Sequence[Entry],
    upstream: Sequence[Entry],
    mutants: Sequence[tuple[int, Mutant]],
    chosen: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
) -> frozenset[str]:
    """Labels of the alert that need not be asked; none where a rule may read those of ALERTS."""
    expressions = [str(entry.data.get("expr")) for entry in namesakes]
    expressions += [str(mutant.change.data["expr"]) for _, mutant in mutants]
    read = {name for expression in expressions for name in metrics(expression)}
    if {"*", *ALERTS} & read.union(*(entry.reads for entry in upstream)):
        return frozenset()
    series = [str(case.get("input_series")) for case, _ in chosen]
    told = "\n".join([*expressions, *(str(entry.data) for entry in upstream), *series])
    asked = [entry for _, entries in chosen for entry in entries]
    return constant_labels([entry.data for entry in namesakes], asked, told)


def _without(data: Mapping[str, Any], dropped: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in dropped}


def _without_texts(entry: Mapping[str, Any]) -> dict[str, Any]:
    expected = entry.get("exp_alerts")
    if not isinstance(expected, list):
        return dict(entry)
    return {**entry, "exp_alerts": [_without(alert, ("exp_annotations",)) for alert in expected]}


def _has_texts(subject: Subject) -> bool:
    """Whether annotations may tell a mutant from the rule."""
    return "{{" in str(subject.data.get("annotations") or "")


def separate(suite: Suite, mutant: Mutant) -> Job | None:
    """A job for one mutant with every case that it can change; None when there is none."""
    subject = mutant.subject
    alerts, changed = suite.downstream(subject.name, is_alert=subject.is_alert)
    tests, reads = [], set(metrics(str(mutant.change.data["expr"]))) | changed
    for case in suite.raw.get("tests") or ():
        asked = [entry for entry in case.get("alert_rule_test") or () if entry.get("alertname") in alerts]
        expressions = []
        for entry in case.get("promql_expr_test") or ():
            read = metrics(str(entry.get("expr")))
            if read & changed or "*" in read:
                expressions.append(entry)
                reads |= read
        if asked or expressions:
            tests.append({**case, "alert_rule_test": asked, "promql_expr_test": expressions})
    if not tests:
        return None
    for entry in suite.rules:
        if entry.is_alert and entry.name in alerts:
            reads |= entry.reads
    upstream = suite.upstream(reads)
    wanted = [
        entry for entry in suite.rules if entry in upstream or (entry.is_alert and entry.name in alerts)
    ]
    replaced = {id(entry): [mutant.change.data] for entry in suite.rules if suite.is_same(entry, subject)}
    return Job(clone({**suite.raw, "tests": tests}), _rule_file(suite, wanted, replaced))


def _is_own(job: Job, subject: Subject) -> bool:
    """Whether all cases of a job are about this alert itself: then they were asked already."""
    return all(
        not case["promql_expr_test"]
        and all(asked["alertname"] == subject.name for asked in case["alert_rule_test"])
        for case in job.tests["tests"]
    )


def _rule_file(
    suite: Suite, wanted: Iterable[Entry], replaced: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    """One rule file of several: their groups in their order, with those rules only, some replaced."""
    chosen = {id(entry) for entry in wanted}
    groups: dict[tuple[str, str | int], dict[str, Any]] = {}
    for entry in suite.rules:
        if id(entry) in chosen:
            place = (str(entry.document.path), entry.key[1])
            group = entry.document.data["groups"][entry.key[1]]
            made = groups.setdefault(place, {**group, "rules": []})
            made["rules"] += replaced.get(id(entry), [entry.data])
    names: set[str] = set()
    for made in groups.values():
        while made["name"] in names:  # two files may have a group of one name, and one file may not
            made["name"] = f"{made['name']}_"
        names.add(made["name"])
    return {"groups": list(groups.values())}


def _batches(
    suites: Sequence[Suite], mutants: Sequence[Mutant], dead: Collection[int]
) -> Iterator[tuple[Suite, Subject, list[int]]]:
    """Mutants of one alert that live, in groups, for each test file that loads it."""
    by_rule: dict[tuple[str, tuple[str | int, ...]], list[int]] = {}
    for number, mutant in enumerate(mutants):
        if mutant.subject.is_alert and number not in dead:
            by_rule.setdefault((mutant.subject.file, mutant.subject.key), []).append(number)
    for numbers in by_rule.values():
        subject = mutants[numbers[0]].subject
        for suite in suites:
            if suite.has(subject):
                for start in range(0, len(numbers), TOGETHER):
                    yield suite, subject, numbers[start : start + TOGETHER]
