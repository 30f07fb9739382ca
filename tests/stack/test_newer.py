"""Another major version of Prometheus than this machine has: when it is fetched, where it lies, and what it judges."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from promproof.errors import InputError
from promproof.proofs.asking import Judge
from promproof.proofs.outcome import Alert
from promproof.proofs.prove import prove
from promproof.proofs.questions import Question
from promproof.stack.binaries import NAMES, find_binaries, find_binary
from tests.stack.test_binaries import all_programs, no_fetch, program

Say = Callable[[str], None]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "programs"


def three(into: Path, say: Say, wanted: Collection[str]) -> None:
    for name in wanted:
        program(into, name, name, "3.5.3+ds1" if name.startswith("prom") else "0.33.1")


def test_programs_of_another_major_version_lie_in_a_folder_of_their_own(tmp_path: Path, cache: Path) -> None:
    here = all_programs(tmp_path / "bin", "2.42.0")
    found = find_binaries(path=str(here), cache=cache, fetch=three, major=3)
    assert found.prometheus.version == "3.5.3+ds1"
    assert {getattr(found, name).path.parent for name in NAMES} == {cache.with_name("programs-3")}
    again = find_binaries(path=str(here), cache=cache, fetch=no_fetch, major=3)
    assert again == found
    assert find_binaries(path=str(here), cache=cache, fetch=no_fetch).prometheus.version == "2.42.0"


def test_nothing_is_fetched_where_the_machine_has_that_version(tmp_path: Path, cache: Path) -> None:
    here = all_programs(tmp_path / "bin", "3.1.0")
    found = find_binaries(path=str(here), cache=cache, fetch=no_fetch, major=3)
    assert found.promtool.path == here / "promtool"


def test_one_program_is_fetched_alone(tmp_path: Path, cache: Path) -> None:
    here = all_programs(tmp_path / "bin", "2.42.0")
    fetched: list[str] = []

    def fetch(into: Path, say: Say, wanted: Collection[str]) -> None:
        fetched.extend(wanted)
        three(into, say, wanted)

    assert find_binary("promtool", path=str(here), cache=cache, fetch=fetch, major=3).version == "3.5.3+ds1"
    assert fetched == ["promtool"]


def test_the_alertmanager_that_comes_with_a_version_is_taken(tmp_path: Path, cache: Path) -> None:
    here, newer = all_programs(tmp_path / "bin", "2.42.0"), cache.with_name("programs-3")
    for name in ("promtool", "alertmanager"):
        program(newer, name, name, "3.5.3" if name == "promtool" else "0.33.0")
    found = find_binary("alertmanager", path=str(here), cache=cache, fetch=no_fetch, major=3)
    assert (found.version, found.path.parent) == ("0.33.0", newer)
    assert (
        find_binary("alertmanager", path=str(here), cache=cache, fetch=no_fetch, major=2).version == "2.42.0"
    )


def test_a_version_that_cannot_be_fetched_does_not_fall_back(tmp_path: Path, cache: Path) -> None:
    here = all_programs(tmp_path / "bin", "2.42.0")

    def fail(into: Path, say: Say, wanted: Collection[str]) -> None:
        raise InputError(what="apt-get update ended with exit status 100: E: no network")

    with pytest.raises(InputError) as caught:
        find_binaries(path=str(here), cache=cache, fetch=fail, major=3)
    assert "not found: prometheus" in caught.value.what
    assert f"the cache {cache.with_name('programs-3')}" in caught.value.where
    assert "no network" in caught.value.where
    assert "--binary NAME=PATH" in caught.value.todo


def test_a_program_that_is_named_and_of_another_version_is_refused(tmp_path: Path, cache: Path) -> None:
    named = program(tmp_path / "mine", "prometheus", "prometheus", "2.53.0")
    with pytest.raises(InputError, match=r"prometheus is 2\.53\.0, and Prometheus 3 is asked for"):
        find_binaries({"prometheus": named}, path="", cache=cache, fetch=three, major=3)


@pytest.mark.nightly
def test_the_promtool_of_debian_testing_leaves_the_left_edge_out_and_proves_by_it() -> None:
    try:
        promtool = find_binary("promtool", major=3)
    except InputError as error:
        pytest.skip(f"Prometheus 3 can't be fetched here: {error.where}")
    judge = Judge(promtool.path)
    series = [{"series": "g", "values": "1+1x40"}]
    asked = [
        ("count_over_time(g[1m])", 600.0),
        ("count_over_time(g[1m:20s])", 600.0),
        ("sum_over_time(g[1m])", 600.0),
    ]
    rule = {"record": "r", "expr": "vector(1)"}
    assert judge.ask([Question(series, asked, [rule], 15.0, 300.0)])[0].values == [[4.0], [3.0], [158.0]]
    expressions = (
        "changes(a[1m]) > 3",
        "rate(b_total[1m]) < 5",
        "resets(c[10m]) > 5",
        "count_over_time(up[5m]) < 15",
    )
    alerts = [Alert(text, text, 120.0, {"alert": text, "expr": text, "for": "2m"}) for text in expressions]
    found = prove(alerts, [], judge)
    assert [(outcome.verdict, outcome.flips) for outcome in found] == [
        ("proven", "> 3"),
        ("proven", "< 5"),
        ("proven", "> 5"),
        ("proven", "< 15"),
    ]
