"""Before a run and after it: its places can be had, what killed runs left is cleared or told, nothing stays."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promproof.cli.program import main
from promproof.errors import InputError
from promproof.faults.abandoned import abandoned
from promproof.faults.undo import RunCommand, UndoBook
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, REPOSITORY
from promproof.run.housekeeping import check_places, opened, run_folder
from promproof.run.options import Options
from promproof.run.prepare import prepare

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache and a temporary folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path / "cache" / "promproof"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system with the options that are given."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folders: list[Path] = []

    def mount(options: str) -> Path:
        folders.append(tmp_path / f"mounted-{len(folders)}")
        folders[-1].mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folders[-1]], check=True)
        return folders[-1]

    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=True)


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# the temporary folder


def test_the_programs_of_a_run_share_its_temporary_folder(tmp_path: Path) -> None:
    said: list[str] = []
    with opened(said.append) as journal:
        show = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
        shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()
        (Path(shown) / "test_storage1").mkdir()
        assert shown == tempfile.gettempdir() == str(tmp_path / "temporary" / Path(shown).name)
        assert journal.run in shown
        assert Path(shown).stat().st_mode & 0o777 == 0o700
    assert everything(tmp_path / "temporary") == set()
    assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(tmp_path / "temporary"),) * 2
    assert said == []


def test_the_temporary_folder_of_a_killed_run_is_removed_by_the_next(tmp_path: Path, cache: Path) -> None:
    code = (
        "import os\nfrom promproof.run.housekeeping import opened\n"
        "with opened(print):\n    import tempfile; tempfile.mkdtemp()\n    os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "temporary").iterdir()
    said: list[str] = []
    with opened(said.append):
        assert not left.exists()
    assert said == [
        f"cleared what a killed run left: folder {left}, left by run {left.name.rpartition('-')[2]}: cleared away"
    ]
    assert everything(tmp_path / "temporary") == set()
    assert [path.name for path in (cache / "runs").iterdir()] == ["lock"]


# faults that killed runs left


def left_by_a_killed_run(folder: Path, *rows: object, torn: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + torn)
    return path


def added(number: int, kind: str) -> dict[str, object]:
    return {"add": number, "undo": {"kind": kind}}


def test_a_later_run_mentions_the_undo_file_of_a_killed_one(cache: Path) -> None:
    rows = [added(0, "command"), added(1, "signal"), added(2, "command"), {"done": 1}]
    path = left_by_a_killed_run(cache / "undo", *rows, torn='{"done": 2')
    said: list[str] = []
    with opened(said.append):
        pass
    assert said == [
        f"a killed run left faults to take back (2 by command; {path}): promproof drill --recover"
    ]
    assert path.exists()


def test_an_undo_file_with_nothing_in_it_is_removed_and_not_mentioned(cache: Path) -> None:
    left_by_a_killed_run(cache / "undo", added(0, "signal"), {"done": 0}, torn='{"add": 1')
    left_by_a_killed_run(cache / "undo")
    assert abandoned() == []
    assert list((cache / "undo").glob("*.jsonl")) == []


def test_the_faults_of_a_run_that_lives_are_not_mentioned(cache: Path) -> None:
    with UndoBook(cache / "undo") as book:
        number = book.add(RunCommand(argv=("true",)))
        assert abandoned() == []
        book.done(number)


def test_an_undo_file_that_is_no_json_is_told_as_unreadable(cache: Path) -> None:
    left_by_a_killed_run(cache / "undo", [1], torn="what\n")
    (line,) = abandoned()
    assert "2 by unreadable" in line


# places


def test_good_places_are_taken_and_nothing_is_left_in_them(tmp_path: Path, cache: Path) -> None:
    check_places(tmp_path / "a" / "b" / "reports")
    deep = tmp_path.joinpath(*["d" * 100] * 3)
    check_places(deep)
    assert everything(tmp_path) == {"temporary"}


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_reports_is_an_input_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(InputError, match=r"file.* cannot be written: (File exists|Not a directory)"):
        check_places(tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_name_of_300_characters_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="File name too long"):
        check_places(tmp_path / "some" / ("n" * 300))
    assert everything(tmp_path) == {"temporary"}


def test_reports_that_are_read_only_are_found_out_at_once(mounted: Callable[[str], Path]) -> None:
    folder = mounted("ro")
    with pytest.raises(InputError, match="Read-only file system"):
        check_places(folder / "reports")


def test_a_full_disk_for_the_reports_is_found_out_at_once(mounted: Callable[[str], Path]) -> None:
    folder = mounted("size=64k")
    with pytest.raises(InputError, match="on a disk with 65536 bytes left"):
        check_places(folder / "reports")


def test_a_cache_that_is_read_only_is_found_out_at_once(
    mounted: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(mounted("ro")))
    with pytest.raises(InputError, match="Read-only file system") as found:
        check_places(tmp_path)
    assert found.value.todo == "name another folder (XDG_CACHE_HOME=DIR)"


def test_a_missing_loopback_is_found_out_at_once(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may have a network of its own")
    code = "from promproof.run.housekeeping import check_places as c; from pathlib import Path; c(Path('x'))"
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "127.0.0.1 can't be used: Network is unreachable" in done.stderr


def test_two_runs_that_start_at_once_keep_each_others_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check_places, [tmp_path / "shared" / "reports"] * 100))


def test_a_folder_that_goes_while_it_is_found_to_be_there_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = os.mkdir
    met: list[Path] = []

    def too_late(path: Path, mode: int = 0o777) -> None:
        if not met:  # it was there for mkdir, and another run has removed it since
            met.append(path)
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        mkdir(path, mode)

    monkeypatch.setattr(os, "mkdir", too_late)
    check_places(tmp_path / "reports")
    assert met


def test_the_folder_of_a_run_with_wrong_input_is_removed(tmp_path: Path) -> None:
    def run() -> None:
        with run_folder(tmp_path / "reports" / "run") as folder:
            (folder / "history.jsonl").write_text("{}")
            raise InputError("wrong")

    with pytest.raises(InputError, match="wrong"):
        run()
    assert everything(tmp_path) == {"temporary"}


def test_the_folder_of_a_run_that_broke_stays(tmp_path: Path) -> None:
    for name, error in (("broke", RuntimeError), ("wrong", InputError)):
        with pytest.raises(error), run_folder(tmp_path / "reports" / name):
            raise error("no")
    assert everything(tmp_path / "reports") == {"broke"}


# the commands


@pytest.mark.parametrize(
    "command",
    [
        lambda reports: main(["drill", "--reports", reports]),
        lambda reports: main(["load", "steady", "--reports", reports]),
        lambda reports: main(["ui", "--reports", reports, "--web-port", "0"]),
    ],
    ids=["drill", "load", "ui"],
)
def test_no_command_starts_without_a_place_for_its_reports(
    tmp_path: Path, command: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert command(str(tmp_path / "file")) == 4
    said = capsys.readouterr()
    assert f"{tmp_path / 'file'} cannot be written: File exists" in said.err
    assert "Traceback" not in said.err


def test_the_main_job_does_not_start_without_a_place_for_its_reports(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    options = Options.of(contract=DEFAULT_CONTRACT, monitoring=DEFAULT_MONITORING, reports=tmp_path / "file")
    with pytest.raises(InputError, match="File exists"):
        prepare(options)
