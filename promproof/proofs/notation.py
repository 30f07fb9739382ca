"""Series as promtool's notation writes them: label sets, numbers, native histograms over time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from promproof.exposition import Labels
from promproof.proofs.natives import COUNT, SCHEMA, SUM, ZERO, bare, part_of
from promproof.proofs.world import Program, Turn

Parts = Mapping[str, Program]
"""What each part of a histogram does over time."""


def written(labels: Sequence[tuple[str, str]]) -> str:
    """A label set as promtool reads it."""
    name = dict(labels).get("__name__", "")
    plain = name.replace("_", "").replace(":", "").isalnum() and name.isascii() and not name[:1].isdigit()
    held = [(k, v) for k, v in labels if k != "__name__" or not plain]
    inside = ",".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in held)
    return f"{name if plain else ''}{{{inside}}}"


def number(value: float) -> str:
    """A number that promtool's notation takes: it knows no exponent with a sign."""
    text = f"{value:.17g}" if repr(value) != f"{value:g}" else repr(value)
    return text if "e" not in text else f"{value:.15f}".rstrip("0").rstrip(".") or "0"


@dataclass(frozen=True)
class _Run:
    """So many samples of a histogram, in equal steps; None: there are none. ends: whether the series ended before."""

    samples: int
    first: Mapping[str, float] | None = None
    step: Mapping[str, float] | None = None
    ends: bool = False

    def __str__(self) -> str:
        if self.first is None:
            rest = self.samples - self.ends
            return " ".join([*["stale"] * self.ends, *([f"_x{rest}"] if rest > 0 else [])])
        grows = self.step is not None and any(self.step.values())
        growth = f"+{{{{{_histogram(self.step)}}}}}" if grows and self.step is not None else ""
        return f"{{{{{_histogram(self.first)}}}}}{growth}x{self.samples - 1}"


def _histogram(values: Mapping[str, float]) -> str:
    words = [f"schema:{SCHEMA}", *(f"{name}:{number(values.get(name, 0.0))}" for name in (COUNT, SUM))]
    if values.get(ZERO):
        words.append(f"z_bucket:{number(values[ZERO])}")
    indexes = sorted(int(part) for part in values if part not in (COUNT, SUM, ZERO))
    if indexes:
        held = [number(values.get(str(index), 0.0)) for index in range(indexes[0], indexes[-1] + 1)]
        words += [f"offset:{indexes[0]}", f"buckets:[{' '.join(held)}]"]
    return " ".join(words)


def histograms(series: Iterable[tuple[Labels, Program]]) -> dict[Labels, dict[str, Program]]:
    """The parts of each histogram, by its labels."""
    found: dict[Labels, dict[str, Program]] = {}
    for labels, program in series:
        found.setdefault(bare(labels), {})[part_of(labels)] = program
    return found


def steady_histogram(parts: Parts, step: float, count: int) -> str:
    """Its values from the beginning on, one more than `count` where nothing of it turns."""
    turn = next((program.turn for program in parts.values() if program.turn is not None), None)
    if turn is None:
        return str(_run(parts, 0.0, step, count + 1))
    before = min(count, math.ceil(turn.moment / step - 1e-9))
    past = {part: _before(program) for part, program in parts.items()}
    runs = [_run(past, 0.0, step, before) if turn.was else _Run(before)] if before > 0 else []
    if count > before:
        now = {part: Program(program.level, program.slope) for part, program in parts.items()}
        runs.append(
            _run(now, before * step, step, count - before + 1)
            if turn.stays
            else _Run(count - before + 1, ends=True)
        )
    return " ".join(map(str, runs))


def _before(program: Program) -> Program:
    turn = program.turn or Turn(0.0, program.level, program.slope)
    return Program(turn.level, turn.slope)


def _run(parts: Parts, begin: float, step: float, samples: int) -> _Run:
    return _Run(
        samples,
        {part: program.at(begin) for part, program in parts.items()},
        {part: program.slope * step for part, program in parts.items()},
    )


def staged_histogram(
    stages: Sequence[Parts | None], marks: Sequence[int], step: float, *, counter: bool
) -> str:
    """Its values over stages that begin and end at these samples. counter: whether it goes on from where it was.

    stages: None where the series is not there.
    """
    return " ".join(filter(None, map(str, _staged(stages, marks, step, counter=counter))))


def _staged(
    stages: Sequence[Parts | None], marks: Sequence[int], step: float, *, counter: bool
) -> Iterator[_Run]:
    if all(stage == stages[0] for stage in stages):
        stages, marks = stages[:1], [marks[0], marks[-1]]
    names = sorted({part for stage in stages for part in stage or ()})
    last: dict[str, float] = {}
    was_there = False
    for stage, (begin, end) in zip(stages, pairwise(marks), strict=True):
        if stage is None:
            yield _Run(end - begin, ends=was_there)
            was_there = False
            continue
        programs = {part: stage.get(part, Program(0.0)) for part in names}
        steps = {part: program.slope * step for part, program in programs.items()}
        first = {
            part: last[part] + steps[part] if counter and part in last else program.at(begin * step)
            for part, program in programs.items()
        }
        last = {part: first[part] + steps[part] * (end - begin - 1) for part in names}
        was_there = True
        yield _Run(end - begin, first, steps)
