"""What a run may have of the machine is probed, and how much a time scale needs is a formula."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from promproof.run.spare import needed, probe, quota, wanting

pytestmark = pytest.mark.unit


def test_busy_threads_are_given_a_processor() -> None:
    assert 0 < probe(1, 0.05) < 1.1


def test_a_larger_time_scale_needs_more() -> None:
    assert needed(75) < needed(100) < needed(120) < needed(150) < 2


@pytest.mark.parametrize(("given", "lacks"), [(2.0, False), (1.75, False), (1.74, True), (0.9, True)])
def test_what_is_lacking_is_said(given: float, lacks: bool) -> None:
    said = wanting(150, given)
    assert bool(said) is lacks
    assert not lacks or said == f"this machine has {given:.1f} processors to spare, 1.8 are needed"


@pytest.mark.parametrize(
    ("line", "files", "processors"),
    [
        pytest.param(
            "0::/a/b", {"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n"}, 1.5, id="above"
        ),
        pytest.param("0::/", {"cpu.max": "100000 100000\n"}, 1.0, id="a container's"),
        pytest.param("0::/host/of/it", {"cpu.max": "50000 100000\n"}, 0.5, id="the host's path"),
        pytest.param(
            "4:cpu,cpuacct:/x",
            {"cpu/x/cpu.cfs_quota_us": "200000", "cpu/x/cpu.cfs_period_us": "100000"},
            2.0,
            id="1",
        ),
        pytest.param(
            "1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, inf, id="1-none"
        ),
        pytest.param("0::/", {}, inf, id="none"),
        pytest.param("0::/", {"cpu.max": "what\n"}, inf, id="odd"),
        pytest.param("9:memory:/", {"memory/cpu.max": "1 100000"}, inf, id="another controller"),
    ],
)
def test_a_quota_is_known_wherever_it_is_set(
    tmp_path: Path, line: str, files: dict[str, str], processors: float
) -> None:
    (tmp_path / "own").write_text(f"{line}\n")
    for name, text in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert quota(tmp_path / "own", tmp_path / "mount") == processors


def test_no_quota_is_known_where_there_are_no_groups(tmp_path: Path) -> None:
    assert quota(tmp_path / "none", tmp_path) == inf
