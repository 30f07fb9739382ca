"""Asks `promtool test rules` about synthetic series: what holds at a moment, many questions in one process.

Each question is a file of its own beside the rules that it needs: promtool loads all rule files of a file for each of
its tests. JSON is YAML, and written far faster.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from promproof.config.durations import format_duration
from promproof.errors import EvidenceError
from promproof.interrupts import noted
from promproof.proofs.world import Family, Program
from promproof.stack.children import run_to_end

PROCESSES = 2
FILES = 40
"""For one process; more of them make an unclear progress."""
SECONDS = 60
"""For a process; one that needs more is asked again file by file."""
ALONE_SECONDS = 15
IMPOSSIBLE = -98765.4321
_FILE = re.compile(r"^Unit Testing:\s+\S*?(\d+)-tests\.json$", re.MULTILINE)
_ANSWER = re.compile(
    r"^    expr: \"(?P<expr>.*)\", time: \S+?,(?: err: (?P<error>.*)|\n        exp:.*\n        got: (?P<got>.*))$",
    re.MULTILINE,
)
_VALUE = re.compile(r"\} ([-+0-9.eEInfNa]+)(?:, |$)")


@dataclass(frozen=True)
class Question:
    """Expressions, each at a moment, about series under some rules. every: seconds between evaluations."""

    series: Sequence[Mapping[str, str]]
    asks: Sequence[tuple[str, float]]
    rules: Sequence[Mapping[str, Any]]
    step: float
    every: float


@dataclass
class Reply:
    """For each expression its values, or the reason why there are none."""

    values: list[list[float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class Judge:
    """promtool, and how long it ran."""

    promtool: Path
    seconds: float = 0.0

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """One reply for each question, in order.

        Raises:
            EvidenceError: promtool did not end, or was interrupted.
        """
        begun = perf_counter()
        replies: dict[int, Reply] = {}
        with TemporaryDirectory(prefix="prove-") as name:
            folder = Path(name)
            for number, question in enumerate(questions):
                _write(folder, number, question)
            shares = [range(s, min(s + FILES, len(questions))) for s in range(0, len(questions), FILES)]
            with ThreadPoolExecutor(PROCESSES) as pool:
                for found in pool.map(lambda share: self._run(folder, share, questions), shares):
                    replies.update(found)
        self.seconds += perf_counter() - begun
        return [
            replies.get(number, Reply([], ["promtool did not answer"])) for number in range(len(questions))
        ]

    def _run(self, folder: Path, share: range, questions: Sequence[Question]) -> dict[int, Reply]:
        seconds = SECONDS if len(share) > 1 else ALONE_SECONDS
        try:
            output = self._output(folder, share, seconds)
        except TimeoutError:
            if len(share) == 1:
                count = len(questions[share.start].asks)
                late = f"promtool needs over {seconds} s for it"
                return {share.start: Reply([[] for _ in range(count)], [late] * count)}
            found: dict[int, Reply] = {}
            for number in share:
                found.update(self._run(folder, range(number, number + 1), questions))
            return found
        if noted():
            raise EvidenceError("promtool", f"ended, since the run was interrupted by {noted()}")
        marks = list(_FILE.finditer(output))
        ends = [mark.start() for mark in marks[1:]] + [len(output)]
        return {
            int(mark[1]): _reply(output[mark.end() : end], questions[int(mark[1])])
            for mark, end in zip(marks, ends, strict=True)
        }

    def _output(self, folder: Path, share: range, seconds: float) -> str:
        command = [str(self.promtool), "test", "rules", *(str(folder / f"{n}-tests.json") for n in share)]
        memory = Path("/dev/shm")  # promtool makes a storage for each test: in memory that is cheaper
        env = {"TMPDIR": str(memory)} if memory.is_dir() and os.access(memory, os.W_OK) else {}
        log = folder / f"{share.start}-{len(share)}.log"
        return run_to_end(command, log=log, seconds=seconds, env=env).output


def _write(folder: Path, number: int, question: Question) -> None:
    rules = {"groups": [{"name": "g", "rules": list(question.rules)}]}
    (folder / f"{number}-rules.json").write_text(json.dumps(rules), encoding="utf-8")
    test = {
        "interval": duration(question.step),
        "input_series": list(question.series),
        "promql_expr_test": [
            {
                "expr": f"({expression}) + 0 * {place}",
                "eval_time": duration(moment),
                "exp_samples": [{"labels": "{}", "value": IMPOSSIBLE}],
            }
            for place, (expression, moment) in enumerate(question.asks)
        ],
    }
    document = {
        "rule_files": [f"{number}-rules.json"],
        "evaluation_interval": duration(question.every),
        "tests": [test],
    }
    (folder / f"{number}-tests.json").write_text(json.dumps(document), encoding="utf-8")


def duration(seconds: float) -> str:
    """A duration as promtool reads it; nothing is before the beginning."""
    return format_duration(max(0.0, seconds))


def _reply(text: str, question: Question) -> Reply:
    reply = Reply([[] for _ in question.asks], ["" for _ in question.asks])
    answered = set()
    for match in _ANSWER.finditer(text):
        place = int(match["expr"].rpartition(" ")[2])
        answered.add(place)
        if match["error"] is not None:
            reply.errors[place] = match["error"]
        else:
            reply.values[place] = [float(value) for value in _VALUE.findall(match["got"])]
    if len(answered) < len(question.asks):
        words = " ".join(text.split())[:200]
        reply.errors = [error or f"promtool: {words}" for error in reply.errors]
    return reply


def written(labels: Sequence[tuple[str, str]]) -> str:
    """A label set as promtool reads it."""
    name = dict(labels).get("__name__", "")
    plain = name.replace("_", "").replace(":", "").isalnum() and name.isascii() and not name[:1].isdigit()
    held = [(k, v) for k, v in labels if k != "__name__" or not plain]
    inside = ",".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in held)
    return f"{name if plain else ''}{{{inside}}}"


def steady(
    families: Sequence[Family], knobs: Mapping[tuple[int, str], float], step: float, end: float
) -> list[dict[str, str]]:
    """Series that do the same from the beginning to the end."""
    return [
        {"series": written(labels), "values": line(program, step, int(end / step) + 1)}
        for family in families
        for labels, program in family.series(knobs)
    ]


def line(program: Program, step: float, count: int) -> str:
    """Values in promtool's notation."""
    if program.events:
        return " ".join(number(program.at(i * step)) for i in range(count))
    slope = program.slope * step
    return f"{number(program.level)}{'-' if slope < 0 else '+'}{number(abs(slope))}x{count}"


def number(value: float) -> str:
    """A number that promtool's notation takes: it knows no exponent with a sign."""
    text = f"{value:.17g}" if repr(value) != f"{value:g}" else repr(value)
    return text if "e" not in text else f"{value:.15f}".rstrip("0").rstrip(".") or "0"
