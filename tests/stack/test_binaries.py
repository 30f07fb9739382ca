"""Finding the binaries: where each was looked for, what counts as one, and fetching only once."""

import shutil
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.errors import InputError
from promproof.stack import debian
from promproof.stack.binaries import NAMES, Binaries, find_binaries, find_binary
from promproof.stack.journal import Journal
from promproof.stack.processes import Configure, ProcessStack
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.unit

Say = Callable[[str], None]


def program(folder: Path, name: str, answers_as: str, version: str = "1.2.3") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{answers_as}, version {version} (branch: x)'\n")
    file.chmod(0o755)
    return file


def all_programs(folder: Path, version: str = "1.2.3") -> Path:
    for name in NAMES:
        program(folder, name, name, version)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "programs"


def no_fetch(into: Path, say: Say, wanted: Collection[str]) -> None:
    raise AssertionError("something was fetched")


def test_a_program_on_path_is_taken_and_not_fetched(tmp_path: Path, cache: Path) -> None:
    folder = all_programs(tmp_path / "bin")
    found = find_binaries(path=str(folder), cache=cache, fetch=no_fetch)
    assert found.prometheus.path == folder / "prometheus"
    assert (found.amtool.version, found.amtool.source) == ("1.2.3", "PATH")
    assert f"node_exporter 1.2.3 (PATH: {folder / 'node_exporter'})" in str(found)


def test_the_names_that_debian_gives_are_known(tmp_path: Path, cache: Path) -> None:
    folder = all_programs(tmp_path / "bin")
    for name in ("alertmanager", "node_exporter"):
        (folder / name).rename(folder / f"prometheus-{name.replace('_', '-')}")
    found = find_binaries(path=str(folder), cache=cache, fetch=no_fetch)
    assert found.node_exporter.path.name == "prometheus-node-exporter"
    assert found.alertmanager.path.name == "prometheus-alertmanager"


def test_another_program_of_the_same_name_is_passed_over(tmp_path: Path, cache: Path) -> None:
    program(tmp_path / "first", "prometheus", "a game called prometheus")
    folder = all_programs(tmp_path / "second")
    found = find_binaries(path=f"{tmp_path / 'first'}:{folder}", cache=cache, fetch=no_fetch)
    assert found.prometheus.path == folder / "prometheus"


def test_an_option_wins_over_path(tmp_path: Path, cache: Path) -> None:
    folder = all_programs(tmp_path / "bin")
    newer = program(tmp_path / "mine", "prometheus-3", "prometheus", "3.5.0")
    tools = all_programs(tmp_path / "tools", "9.9.9")
    options = {"prometheus": newer, "promtool": tools}
    found = find_binaries(options, path=str(folder), cache=cache, fetch=no_fetch)
    assert (found.prometheus.path, found.prometheus.source) == (newer, "option")
    assert found.promtool.path == tools / "promtool"
    assert found.amtool.version == "1.2.3"


def test_an_option_without_a_folder_is_looked_for_here_first(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = program(tmp_path / "new", "prometheus", "prometheus", "9.9.9")
    folder = all_programs(tmp_path / "bin")
    monkeypatch.chdir(newer.parent)
    found = find_binaries({"prometheus": Path("prometheus")}, path=str(folder), cache=cache, fetch=no_fetch)
    assert found.prometheus.path == newer


@pytest.mark.parametrize("choice", ["missing", "bin/amtool", "empty"])
def test_an_option_that_is_wrong_is_refused(tmp_path: Path, cache: Path, choice: str) -> None:
    folder = all_programs(tmp_path / "bin")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="does not answer `--version` as prometheus") as caught:
        find_binaries({"prometheus": tmp_path / choice}, path=str(folder), cache=cache, fetch=no_fetch)
    assert caught.value.where == f"--binary prometheus={tmp_path / choice}"


def test_an_option_for_an_unknown_program_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(InputError, match="no program is called grafana"):
        find_binaries({"grafana": tmp_path}, path="", cache=cache, fetch=no_fetch)


def test_a_missing_program_is_named_with_the_places_and_the_remedy(tmp_path: Path, cache: Path) -> None:
    folder = all_programs(tmp_path / "bin")
    (folder / "alertmanager").unlink()
    wrong = program(folder, "prometheus-alertmanager", "something else")
    with pytest.raises(InputError) as caught:
        find_binaries(path=str(folder), cache=cache, fetch=None)
    text = str(caught.value)
    assert "not found: alertmanager (alertmanager or prometheus-alertmanager)" in text
    assert f"PATH {folder}, the cache {cache}" in text
    assert f"{wrong}, which does not answer as alertmanager" in text
    assert "--binary NAME=PATH" in text


def test_a_failure_of_the_package_manager_is_reported(tmp_path: Path, cache: Path) -> None:
    def fail(into: Path, say: Say, wanted: Collection[str]) -> None:
        raise InputError("apt-get update ended with exit status 100: E: no network")

    with pytest.raises(InputError) as caught:
        find_binaries(path="", cache=cache, fetch=fail)
    assert (
        "the package manager: apt-get update ended with exit status 100: E: no network" in caught.value.where
    )


def test_a_system_without_apt_is_reported(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="not found") as caught:
        find_binaries(cache=cache)
    assert "apt-get is not on this system" in caught.value.where


def test_a_fetched_program_is_fetched_once(cache: Path) -> None:
    fetched = []

    def fetch(into: Path, say: Say, wanted: Collection[str]) -> None:
        fetched.append(into)
        all_programs(into)

    first = find_binaries(path="", cache=cache, fetch=fetch)
    second = find_binaries(path="", cache=cache, fetch=fetch)
    assert first == second
    assert (fetched, first.prometheus.source) == ([cache], "cache")


def test_only_programs_that_are_needed_are_fetched(cache: Path) -> None:
    fetched = []

    def fetch(into: Path, say: Say, wanted: Collection[str]) -> None:
        fetched.append(tuple(wanted))
        for name in wanted:
            program(into, name, name)

    assert find_binary("promtool", path="", cache=cache, fetch=fetch).path == cache / "promtool"
    assert find_binaries(path="", cache=cache, fetch=fetch).promtool.source == "cache"
    assert fetched == [("promtool",), ("prometheus", "alertmanager", "amtool", "node_exporter")]


def test_an_option_for_a_program_that_is_not_needed_is_not_asked(tmp_path: Path, cache: Path) -> None:
    folder = all_programs(tmp_path / "bin")
    with pytest.raises(InputError, match="no program is called grafana"):
        find_binary("promtool", {"grafana": tmp_path}, path=str(folder), cache=cache, fetch=no_fetch)
    found = find_binary("promtool", {"prometheus": tmp_path}, path=str(folder), cache=cache, fetch=no_fetch)
    assert found.path == folder / "promtool"


def test_a_program_that_is_added_later_keeps_the_folder_and_what_runs_in_it(tmp_path: Path) -> None:
    cache, new = (
        all_programs(tmp_path / "programs"),
        program(tmp_path / "new", "amtool", "amtool", "2").parent,
    )
    before = cache.stat().st_ino
    debian._placed(new, cache)
    assert cache.stat().st_ino == before
    assert find_binary("amtool", path="", cache=cache, fetch=None).version == "2"
    assert find_binary("promtool", path="", cache=cache, fetch=None).version == "1.2.3"


def test_two_runs_fetch_one_after_the_other(cache: Path) -> None:
    inside, most = [], []

    def fetch(into: Path, say: Say, wanted: Collection[str]) -> None:
        inside.append(threading.get_ident())
        with suppress(TimeoutError):  # time for the others to come in, if they can
            wait_until(lambda: "" if len(inside) > 1 else "alone", 1)
        most.append(len(inside))
        all_programs(into)
        inside.pop()

    found: list[Binaries] = []
    runs = [
        threading.Thread(target=lambda: found.append(find_binaries(path="", cache=cache, fetch=fetch)))
        for _ in range(4)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert most == [1]
    assert len(found) == 4


@pytest.mark.stack
def test_a_package_that_can_not_be_had_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in {"apt-get": "echo 'E: no such package' >&2; exit 100", "dpkg": "exit 1"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    with pytest.raises(InputError, match="apt-get update ended with exit status 100: E: no such package"):
        debian.fetch(tmp_path / "cache" / "programs", lambda text: None)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.stack
@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt: this system has none")
def test_what_apt_fetches_into_an_empty_cache_runs(
    tmp_path: Path, cache: Path, configure: Configure, journal: Journal
) -> None:
    # Debian's Alertmanager looks for its templates where it would have been installed.
    debian.fetch(cache, lambda text: None)
    found = find_binaries(path="", cache=cache, fetch=None)
    assert {getattr(found, name).source for name in NAMES} == {"cache"}
    with ProcessStack(found, configure, tmp_path / "work", TimeScale(60), journal) as stack:
        assert stack.alive()
        assert list(stack.states()) == ["prometheus", "node_exporter", "alertmanager"]


@pytest.mark.stack
def test_the_programs_of_the_cache_answer(binaries: Binaries) -> None:
    for name in NAMES:
        binary = getattr(binaries, name)
        assert binary.path.is_file()
        assert binary.version[0].isdigit()
