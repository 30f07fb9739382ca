"""A thousand broken files of every kind: accepted, a finding, or an input error with its place; see benchmarks.fuzz.

Every day the first three hundred of them, by night all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz import run
from benchmarks.fuzz_files import KINDS, Kind, Workspace
from benchmarks.mutator import mutants

pytestmark = [pytest.mark.unit, pytest.mark.takes(1)]
SEED = 10


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=pytest.mark.nightly)])
def test_a_broken_file_is_accepted_found_or_refused_with_its_place(
    kind: Kind, count: int, tmp_path: Path
) -> None:
    tally = run(kind, Workspace(tmp_path), SEED, round(count * kind.share))
    assert not tally.wrong, "\n\n".join(tally.wrong)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_file_that_is_varied_is_itself_accepted(kind: Kind, tmp_path: Path) -> None:
    assert kind.go(Workspace(tmp_path)) is False


def test_the_shares_add_up_and_a_seed_gives_the_same_variants() -> None:
    assert sum(kind.share for kind in KINDS) == pytest.approx(1)
    text = "a:\n  b: [1, x]\n"
    assert list(mutants("yaml", text, 3, 50)) == list(mutants("yaml", text, 3, 50))
    assert len({mutant.content for mutant in mutants("yaml", text, 3, 50)}) > 25
