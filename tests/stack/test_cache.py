"""Where the cache is: one under the older name is used as long as there is no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.stack.journal import cache_dir

pytestmark = pytest.mark.unit


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_a_new_cache_has_the_program_s_name(caches: Path) -> None:
    assert cache_dir() == caches / "promproof"


def test_a_cache_of_the_older_name_is_used_as_it_is(caches: Path) -> None:
    (caches / "monitoring-verification").mkdir()
    assert cache_dir() == caches / "monitoring-verification"


def test_of_two_caches_the_one_of_the_program_s_name_is_used(caches: Path) -> None:
    for name in ("monitoring-verification", "promproof"):
        (caches / name).mkdir()
    assert cache_dir() == caches / "promproof"
