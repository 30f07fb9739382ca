"""Runs `promtool test rules` over many generated files, two processes side by side, and tells what failed in each."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promproof.config.durations import parse_duration
from promproof.config.yamlfile import Plain, dump
from promproof.errors import EvidenceError
from promproof.interrupts import noted
from promproof.proofs.asking import surroundings
from promproof.proofs.questions import CHUNK
from promproof.proofs.sections import sections
from promproof.stack.children import run_to_end

PROCESSES = 2
FILES = 60
"""For one process; more of them make an unclear progress."""
BRIEF = 16
"""Brief ones that are worth a process."""
SECONDS = 600
ONE_CORE = {"GOMAXPROCS": "1"}
"""Go collects on every core that looks idle: a tenth more work where the processes have the cores themselves."""
_ALERT = re.compile(r"^\s+alertname: (.*), time: [^,]+,\s*$", re.MULTILINE)
_BROKEN = re.compile(r"^\s+rule: (.*), time: [^,]+, err: ", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """The data of a test file and of the one rule file that it loads.

    file, loads: what a reader knows them as, where what promtool says is read by somebody.
    """

    tests: dict[str, Any]
    rules: dict[str, Any]
    file: str = ""
    loads: str = ""


@dataclass(frozen=True)
class Answer:
    """What promtool says of one test file: the alerts of failed cases, and the rules that could not be evaluated."""

    passed: bool
    alerts: frozenset[str]
    broken: frozenset[str]
    text: str


def group_order(job: Job) -> list[str]:
    """The order in which promtool is to evaluate the groups.

    Without one its order changes from run to run (the groups stand in a Go map), and with it what an alert sees of a
    recording rule of another group. Groups that the test file names come in its order, after those that it does not:
    promtool puts these beside the first.
    """
    named = [str(name) for name in job.tests.get("group_eval_order") or ()]
    return [*(str(group["name"]) for group in job.rules["groups"] if group["name"] not in named), *named]


def judge(
    promtool: Path,
    jobs: Sequence[Job],
    say: Callable[[int, int], None] = lambda done, of: None,
    *,
    are_brief: bool = False,
) -> list[Answer]:
    """One answer for each job, in order. say: is told how many of how many jobs are done.

    are_brief: whether a job costs less than a process does; then few of them share one.

    Raises:
        EvidenceError: promtool did not end, or was interrupted.
    """
    answers: list[Answer] = []
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for number, job in enumerate(jobs):
            rules = folder / f"{number}-rules.json"
            rules.write_text(_written(job.rules), encoding="utf-8")
            tests = {**job.tests, "rule_files": [str(rules)], "group_eval_order": group_order(job)}
            (folder / f"{number}-tests.json").write_text(_written(tests), encoding="utf-8")
        long_ones = [are_brief or _is_long(job) for job in jobs]
        shares = [
            (is_long, share)
            for is_long in (False, True)
            for share in _shares(
                [number for number, flag in enumerate(long_ones) if flag == is_long],
                BRIEF if are_brief else 1,
            )
        ]
        texts: dict[int, str] = {}
        with ThreadPoolExecutor(PROCESSES) as pool:
            for share in pool.map(lambda share: _run(promtool, folder, share[1], is_long=share[0]), shares):
                texts |= share
                say(len(texts), len(jobs))
    for number in range(len(jobs)):
        text = _named(texts.get(number, ""), folder, number, jobs[number])
        answers.append(
            Answer(
                "SUCCESS" in text and "FAILED" not in text,
                frozenset(_ALERT.findall(text)),
                frozenset(_BROKEN.findall(text)),
                text,
            )
        )
    return answers


def _named(text: str, folder: Path, number: int, job: Job) -> str:
    """What promtool says, of the files that a reader knows: a place in one that was made for it helps nobody."""
    if job.file:
        text = text.replace(str(folder / f"{number}-tests.json"), job.file)
    if job.loads:
        made = re.escape(str(folder / f"{number}-rules.json"))
        text = re.sub(rf"{made}(:(?: \d+:\d+:)?)?", lambda place: job.loads + (place[1] or "")[:1], text)
    return text


def _shares(numbers: Sequence[int], least: int) -> list[Sequence[int]]:
    """The jobs of each process; both have something to do, if that are so many jobs at least."""
    count = max(math.ceil(len(numbers) / FILES), min(PROCESSES, math.ceil(len(numbers) / least)))
    return [numbers[start::count] for start in range(count)]


def _is_long(job: Job) -> bool:
    """Whether a series of a test may have more samples than a chunk of Prometheus holds."""
    for case in job.tests.get("tests") or ():
        asked = [*(case.get("alert_rule_test") or ()), *(case.get("promql_expr_test") or ())]
        try:
            interval = parse_duration(
                str(case.get("interval") or job.tests.get("evaluation_interval") or "1m")
            )
            end = max((parse_duration(str(entry.get("eval_time") or "0s")) for entry in asked), default=0.0)
        except ValueError:
            return True
        if interval <= 0 or end / interval >= CHUNK:
            return True
    return False


def _written(data: dict[str, Any]) -> str:
    """JSON is YAML, and written far faster; a number that stands for its own letters has no place in it."""
    return dump(data) if _has_plain(data) else json.dumps(data)


def _has_plain(data: Any) -> bool:
    if isinstance(data, dict):
        return any(map(_has_plain, data.values()))
    return any(map(_has_plain, data)) if isinstance(data, list) else isinstance(data, Plain)


def _run(promtool: Path, folder: Path, numbers: Sequence[int], *, is_long: bool) -> dict[int, str]:
    files = [str(folder / f"{number}-tests.json") for number in numbers]
    command = [str(promtool), "test", "rules", *files]
    try:
        done = run_to_end(
            command,
            log=folder / f"{numbers[0]}.log",
            seconds=SECONDS,
            env={**surroundings(is_long=is_long), **ONE_CORE},
        )
    except TimeoutError as error:
        raise EvidenceError("promtool", f"no answer within {SECONDS} s", (), "mutate fewer rules") from error
    if noted():
        raise EvidenceError("promtool", f"ended, since the run was interrupted by {noted()}")
    found = sections(done.output)
    if len(found) != len(files):
        raise EvidenceError(
            "promtool", f"answered {len(found)} of {len(files)} files", done.output.splitlines()[-10:]
        )
    return dict(zip(numbers, found, strict=True))
