"""Which questions share a test of promtool does not depend on how the place for each is looked for."""

from __future__ import annotations

from random import Random

import pytest

from promproof.proofs.questions import Question
from promproof.proofs.together import MOST, PARTS, SERIES, bundles, merged, parts

pytestmark = pytest.mark.unit


def question(random: Random) -> Question:
    reads = frozenset(f"m{random.randrange(30)}" for _ in range(random.randrange(4)))
    series = [{"series": "x", "values": "1"}] * random.choice((0, 1, 5, 120, 301))
    end = random.choice((60.0, 70.0, 90.0, 600.0))
    step = random.choice((15.0, 30.0))
    return Question(series, [("x", end)], [], step, 15.0, None if random.random() < 0.1 else reads)


def first_that_takes(questions: list[Question]) -> list[list[int]]:
    """As `bundles` says it does: each question in the order of their ends joins the first test that may have it."""
    found: list[list[int]] = []
    for number in sorted(range(len(questions)), key=lambda number: questions[number].end):
        new = questions[number]
        for bundle in found if new.reads is not None else ():
            others = [questions[other] for other in bundle]
            whole = merged([*others, new])
            if (
                all(other.reads is not None and other.reads.isdisjoint(new.reads or ()) for other in others)
                and {(other.step, other.every) for other in others} == {(new.step, new.every)}
                and len(others) < MOST
                and len(whole.series) <= SERIES
                and new.end <= 1.3 * others[0].end
            ):
                bundle.append(number)
                break
        else:
            found.append([number])
    return found


@pytest.mark.parametrize("seed", range(20))
def test_each_question_joins_the_first_test_that_may_have_it(seed: int) -> None:
    random = Random(seed)
    questions = [question(random) for _ in range(200)]
    assert sorted(bundles(questions)) == sorted(first_that_takes(questions))


@pytest.mark.parametrize("size", [2, 7, 8, 9, 63, 64])
def test_a_stopped_test_is_parted_until_each_is_alone(size: int) -> None:
    groups, rounds = [list(range(size))], 0
    while any(len(group) > 1 for group in groups):
        made = [parts(group) if len(group) > 1 else [group] for group in groups]
        assert all(len(each) <= PARTS for each in made)
        groups, rounds = [part for each in made for part in each], rounds + 1
    assert groups == [[number] for number in range(size)]
    assert rounds <= 2
