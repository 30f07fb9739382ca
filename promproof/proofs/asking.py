"""Asks `promtool test rules` about synthetic series: what holds at a moment, many questions in one process.

Each test is a file of its own beside the rules that it needs: promtool loads all rule files of a file for each of its
tests. JSON is YAML, and written far faster.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from promproof.config.durations import format_duration
from promproof.errors import EvidenceError
from promproof.interrupts import noted
from promproof.proofs import notation
from promproof.proofs.notation import histograms, steady_histogram, written
from promproof.proofs.questions import LATE, Question, Reply
from promproof.proofs.sections import sections
from promproof.proofs.together import bundles, merged, parts
from promproof.proofs.world import SLOPE, Family, Program, Turn
from promproof.stack.binaries import version_of
from promproof.stack.children import run_to_end

PROCESSES = 2
FILES = 40
"""For one process; more of them make an unclear progress."""
SECONDS = 120
"""For a process; one that needs more is asked again file by file. A machine that others load is slow."""
ALONE_SECONDS = 120
COLLECT = "200"
"""How much promtool's memory may grow before it collects, in percent: it lives for seconds."""
IMPOSSIBLE = -98765.4321
ANSWER = re.compile(
    r"^    expr: \"(?P<expr>.*)\", time: \S+?,(?: err: (?P<error>.*)|\n        exp:.*\n        got: (?P<got>.*))$",
    re.MULTILINE,
)
_VALUE = re.compile(r"\} ([-+0-9.eEInfNa]+)(?:, |$)")
_REFUSED = re.compile(r'(?:group "[^"]*", rule \d+, "[^"]*": |rule: .*?, time: \S+, err: )(?P<why>.*)')
"""What promtool says of a rule that it does not take, or cannot evaluate; without the files that were made for it."""


@dataclass
class Judge:
    """promtool, and how long it ran. alone: seconds for a question that is asked by itself.

    until: by `perf_counter`, when no question is answered any more.
    """

    promtool: Path
    seconds: float = 0.0
    alone: float = ALONE_SECONDS
    until: float = math.inf

    @cached_property
    def version(self) -> str:
        """Its version, asked when it is needed; empty when it does not answer."""
        return version_of("promtool", self.promtool) or ""

    @property
    def takes_natives(self) -> bool:
        """Whether it reads samples of native histograms, and interpolates in them as Prometheus 3 does."""
        major = self.version.partition(".")[0]
        return major.isdigit() and int(major) >= 3

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """One reply for each question, in order.

        What stops one question stops those of the same test: they are asked again in smaller tests, at last each alone.

        Raises:
            EvidenceError: promtool did not end, or was interrupted, or the time for all questions is over.
        """
        begun = perf_counter()
        replies: dict[int, Reply] = {}
        groups = bundles(questions)
        while groups:
            found = self._asked([merged([questions[number] for number in group]) for group in groups])
            stopped = []
            for group, reply in zip(groups, found, strict=True):
                if len(group) == 1 or not any(reply.errors or [""]):
                    replies |= _parted(group, questions, reply)
                else:
                    stopped.append(group)
            groups = [part for group in stopped for part in parts(group)]
        self.seconds += perf_counter() - begun
        return [replies[number] for number in range(len(questions))]

    def _asked(self, questions: Sequence[Question]) -> list[Reply]:
        replies: dict[int, Reply] = {}
        with TemporaryDirectory(prefix="prove-") as name:
            folder = Path(name)
            for number, question in enumerate(questions):
                _write(folder, number, question)
            with ThreadPoolExecutor(PROCESSES) as pool:
                for found in pool.map(lambda share: self._run(folder, share, questions), _shares(questions)):
                    replies.update(found)
        return [
            replies.get(number, Reply([], ["promtool did not answer"])) for number in range(len(questions))
        ]

    def _run(self, folder: Path, share: Sequence[int], questions: Sequence[Question]) -> dict[int, Reply]:
        seconds = min(SECONDS if len(share) > 1 else self.alone, self.until - perf_counter())
        try:
            if seconds <= 0:
                raise TimeoutError
            output = self._output(folder, share, seconds, is_long=questions[share[0]].is_long)
        except TimeoutError:
            if perf_counter() >= self.until:
                raise EvidenceError("promtool", "the time for the proofs was over") from None
            if len(share) == 1:
                count = len(questions[share[0]].asks)
                late = f"{LATE} {seconds:g} s for it"
                return {share[0]: Reply([[] for _ in range(count)], [late] * count)}
            found: dict[int, Reply] = {}
            for number in share:
                found.update(self._run(folder, [number], questions))
            return found
        if noted():
            raise EvidenceError("promtool", f"ended, since the run was interrupted by {noted()}")
        told = {
            number: _reply(text, questions[number])
            for number, text in zip(share, sections(output), strict=False)  # fewer where promtool broke off
        }
        # one that could not even begin, on a machine without memory say, names no file: each is asked alone then
        for number in share if len(share) > 1 and not told else ():
            told.update(self._run(folder, [number], questions))
        return told

    def _output(self, folder: Path, share: Sequence[int], seconds: float, *, is_long: bool) -> str:
        command = [str(self.promtool), "test", "rules", *(str(folder / f"{n}-tests.json") for n in share)]
        log = folder / f"{share[0]}-{len(share)}.log"
        return run_to_end(command, log=log, seconds=seconds, env=surroundings(is_long=is_long)).output


def surroundings(*, is_long: bool) -> dict[str, str]:
    """The environment of promtool, which makes a storage for each test: a small one is cheaper in memory.

    is_long: whether series have more samples than a chunk holds: then it sets aside 128 MB, which is dear in memory.
    """
    memory = Path("/dev/shm")
    usable = not is_long and memory.is_dir() and os.access(memory, os.W_OK)
    return {"GOGC": COLLECT, **({"TMPDIR": str(memory)} if usable else {})}


def _shares(questions: Sequence[Question]) -> list[list[int]]:
    """The numbers of the questions for each process: about as much for each, long ones apart from short ones."""
    shares = []
    for is_long in (False, True):
        numbers = [n for n, question in enumerate(questions) if question.is_long == is_long]
        count = max(math.ceil(len(numbers) / FILES), min(PROCESSES, len(numbers)))
        shares += [numbers[start::count] for start in range(count)]
    return shares


def _parted(group: Sequence[int], questions: Sequence[Question], reply: Reply) -> dict[int, Reply]:
    """What belongs to each question of a test."""
    if len(group) == 1:
        return {group[0]: reply}
    found, begin = {}, 0
    for number in group:
        end = begin + len(questions[number].asks)
        found[number] = Reply(reply.values[begin:end], reply.errors[begin:end])
        begin = end
    return found


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
    for match in ANSWER.finditer(text):
        place = int(match["expr"].rpartition(" ")[2])
        answered.add(place)
        if match["error"] is not None:
            reply.errors[place] = match["error"]
        else:
            reply.values[place] = [float(value) for value in _VALUE.findall(match["got"])]
    if len(answered) < len(question.asks):
        words = " ".join(text.split())
        refused = _REFUSED.search(words)
        told = f"promtool refuses the rule: {refused['why']}" if refused else f"promtool: {words}"
        reply.errors = [error or told[:200] for error in reply.errors]
    return reply


def steady(
    families: Sequence[Family],
    knobs: Mapping[tuple[int, str], float],
    step: float,
    end: float,
    at: float | None = None,
) -> list[dict[str, str]]:
    """Series that do the same from the beginning to the end.

    at: the moment whose values stand at the end, for gauges on a slope; None: the end.
    """
    late = 0.0 if at is None else end - at
    count = int(end / step) + 1
    made: list[dict[str, str]] = []
    for family in families:
        if family.is_native:
            found = histograms(family.series(knobs))
            made += [
                {"series": written(labels), "values": steady_histogram(parts, step, count)}
                for labels, parts in found.items()
            ]
            continue
        made += [
            {"series": written(labels), "values": line(_earlier(family, program, late), step, count)}
            for labels, program in family.series(knobs)
        ]
    return made


def _earlier(family: Family, program: Program, late: float) -> Program:
    drifts = SLOPE in family.knobs and not family.is_counter() and not family.follows_time
    return replace(program, level=program.level - program.slope * late) if drifts and late else program


def line(program: Program, step: float, count: int) -> str:
    """Values in promtool's notation."""
    if program.turn is not None:
        return _turned(program, program.turn, step, count)
    if program.events:
        return " ".join(notation.number(program.at(i * step)) for i in range(count))
    slope = program.slope * step
    return f"{notation.number(program.level)}{'-' if slope < 0 else '+'}{notation.number(abs(slope))}x{count}"


def _turned(program: Program, turn: Turn, step: float, count: int) -> str:
    before = min(count, math.ceil(turn.moment / step - 1e-9))
    after = count - before
    parts = []
    if before > 0:
        past = Program(turn.level, turn.slope)
        parts.append(line(past, step, before - 1) if turn.was else f"_x{before}")
    if after > 0 and turn.stays:
        now = Program(program.at(before * step), program.slope)
        parts.append(line(now, step, after))
    elif after > 0:
        parts.append(f"stale _x{after}")
    return " ".join(parts)
