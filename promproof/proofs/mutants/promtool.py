"""Runs `promtool test rules` over many generated files, two processes side by side, and tells what failed in each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promproof.config.yamlfile import dump
from promproof.errors import EvidenceError
from promproof.interrupts import noted
from promproof.stack.children import run_to_end

PROCESSES = 2
SECONDS = 600
_FILE = re.compile(r"^Unit Testing:\s+\S*?(\d+)-tests\.yml$", re.MULTILINE)
_ALERT = re.compile(r"^\s+alertname: (.*), time: [^,]+,\s*$", re.MULTILINE)
_BROKEN = re.compile(r"^\s+rule: (.*), time: [^,]+, err: ", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """The data of a test file and of the one rule file that it loads."""

    tests: dict[str, Any]
    rules: dict[str, Any]


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


def judge(promtool: Path, jobs: Sequence[Job]) -> list[Answer]:
    """One answer for each job, in order.

    Raises:
        EvidenceError: promtool did not end, or was interrupted.
    """
    answers: list[Answer] = []
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for number, job in enumerate(jobs):
            rules = folder / f"{number}-rules.yml"
            rules.write_text(dump(job.rules), encoding="utf-8")
            tests = {**job.tests, "rule_files": [str(rules)], "group_eval_order": group_order(job)}
            (folder / f"{number}-tests.yml").write_text(dump(tests), encoding="utf-8")
        shares = [range(start, len(jobs), PROCESSES) for start in range(min(PROCESSES, len(jobs)))]
        with ThreadPoolExecutor(PROCESSES) as pool:
            found = pool.map(lambda share: _run(promtool, folder, share), shares)
            texts = {number: text for share in found for number, text in share.items()}
    for number in range(len(jobs)):
        text = texts.get(number, "")
        answers.append(
            Answer(
                "SUCCESS" in text and "FAILED" not in text,
                frozenset(_ALERT.findall(text)),
                frozenset(_BROKEN.findall(text)),
                text,
            )
        )
    return answers


def _run(promtool: Path, folder: Path, numbers: Sequence[int]) -> dict[int, str]:
    files = [str(folder / f"{number}-tests.yml") for number in numbers]
    command = [str(promtool), "test", "rules", *files]
    memory = Path("/dev/shm")  # promtool makes a storage for each test: in memory that is cheaper
    env = {"TMPDIR": str(memory)} if memory.is_dir() and os.access(memory, os.W_OK) else {}
    try:
        done = run_to_end(command, log=folder / f"{numbers[0]}.log", seconds=SECONDS, env=env)
    except TimeoutError as error:
        raise EvidenceError("promtool", f"no answer within {SECONDS} s", (), "mutate fewer rules") from error
    if noted():
        raise EvidenceError("promtool", f"ended, since the run was interrupted by {noted()}")
    marks = list(_FILE.finditer(done.output))
    ends = [mark.start() for mark in marks[1:]] + [len(done.output)]
    if len(marks) != len(files):
        raise EvidenceError(
            "promtool", f"answered {len(marks)} of {len(files)} files", done.output.splitlines()[-10:]
        )
    return {int(mark[1]): done.output[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}
