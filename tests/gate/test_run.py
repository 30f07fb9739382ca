"""The gate over small trees of tests: real pytest processes, with real workers."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from promproof.stack.waiting import wait_until
from tests.gate.run import ROOT, Gate

pytestmark = [pytest.mark.stack, pytest.mark.takes(4)]

CONFIGURATION = """
[tool.pytest.ini_options]
addopts = ["--strict-markers", "-p", "xdist.plugin", "-p", "no:cacheprovider", "--import-mode=importlib"]
pythonpath = ["."]
markers = ["unit", "whole_run", "nightly", "takes"]
"""
# A whole run that fails as often as its name says, and counts how often it was asked.
RUN = """
import pytest
from pathlib import Path

@pytest.mark.whole_run{argument}
def test_{name}():
    asked = Path("{name}.asked")
    times = len(asked.read_text()) if asked.exists() else 0
    asked.write_text("x" * (times + 1))
    assert times >= {fails}, "the generator was late"
"""


def run(name: str, fails: int, argument: str = "") -> str:
    return RUN.format(name=name, fails=fails, argument=argument)


class Tree:
    """A project with a folder `tests` and the conftest file of this one, and what its gate printed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        (root / "pyproject.toml").write_text(CONFIGURATION)
        (root / "tests").mkdir()
        shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")

    def write(self, **files: str) -> None:
        """Test files by their names: `a__b` is `tests/a/test_b.py`."""
        for name, text in files.items():
            folder, _, file = name.partition("__")
            path = self.root / "tests" / folder / f"test_{file}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def judged(self, workers: int, hang_seconds: float = 100) -> int:
        gate = Gate(
            self.root,
            self.root / "reports",
            workers=workers,
            hang_seconds=hang_seconds,
            print=self.said.append,
        )
        return gate.run()

    def asked(self, name: str) -> int:
        return len((self.root / f"{name}.asked").read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"
    )  # each of a dozen processes starts in half the time
    return Tree(tmp_path)


GREEN = "def test_green():\n    assert True\n"


def test_a_run_that_failed_once_is_named_flaky_and_skips_are_named(project: Tree) -> None:
    skip = "import pytest\n\ndef test_drawn():\n    pytest.skip('needs Chromium: it is not there')\n"
    project.write(
        light__a=GREEN, light__b=skip, runs__c=run("once", 1, "(alone=True)"), runs__d=run("never", 0)
    )
    assert project.judged(workers=0) == 0, project.said
    text = "\n".join(project.said)
    assert "not run here: needs Chromium: 1 tests:\n    tests/light/test_b.py::test_drawn" in text
    assert project.said[-2].startswith(
        "flaky: tests/runs/test_c.py::test_once: AssertionError: the generator was late"
    )
    assert project.said[-1] == "3 passed, 0 failed"
    assert (project.asked("once"), project.asked("never")) == (2, 1)
    assert "flakyFailure" in (project.root / "reports" / "tests.xml").read_text()


def test_compiled_files_are_kept_and_the_cpu_of_a_part_is_said(
    project: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    kept = (
        "import sys, time\n\ndef test_kept():\n    while time.process_time() < 1.5:\n        pass\n"
        "    assert not sys.dont_write_bytecode\n"
    )
    project.write(light__a=kept)
    assert project.judged(workers=0) == 0, project.said
    (part,) = [text for text in project.said if text.startswith("light tests: 1 tests, ")]
    assert not part.endswith(" 0 s of CPU")


def test_a_light_failure_beside_a_run_that_failed_is_red_and_nothing_is_repeated(project: Tree) -> None:
    project.write(light__a=GREEN, light__b="def test_red():\n    assert False\n", runs__c=run("once", 1))
    assert project.judged(workers=0) == 1
    assert project.said[-3].startswith("failed: tests/light/test_b.py::test_red: assert False")
    assert project.said[-2].startswith("failed: tests/runs/test_c.py::test_once")
    assert project.said[-1] == "1 passed, 2 failed"
    assert project.asked("once") == 1


FIRST = """
from pathlib import Path
import pytest

@pytest.mark.{mark}
def test_beside():
    shared = Path("/proc/self/autogroup")
    Path("{mark}.part").write_text(shared.read_text() if shared.exists() else "nice {behind}")
    Path("{mark}.part").rename("{mark}.begun")

@pytest.mark.{mark}
def test_red():
    assert {green}
"""
# A whole run that ends when a test of the part before it has begun: only beside it.
BESIDE = """
import time
from pathlib import Path
import pytest

@pytest.mark.whole_run{argument}
def test_run():
    for _ in range(30000):
        if Path("{mark}.begun").exists():
            break
        time.sleep(0.01)
    assert Path("{mark}.begun").read_text().split()[-2:] == ["nice", "{behind}"]
"""


@pytest.mark.parametrize(
    ("mark", "argument", "part", "behind", "green"),
    [("takes(1)", "", "light tests", 5, False), ("unit", "(alone=True)", "pure tests", 10, True)],
    ids=["light beside runs", "pure beside one alone"],
)
def test_tests_run_beside_whole_runs_behind_them_and_count(
    project: Tree, mark: str, argument: str, part: str, behind: int, green: bool
) -> None:
    first = FIRST.format(mark=mark, behind=behind, green=green)
    project.write(first__b=first, runs__c=BESIDE.format(mark=mark, argument=argument, behind=behind))
    assert project.judged(workers=0) == (0 if green else 1), project.said
    assert project.said[-1] == ("3 passed, 0 failed" if green else "2 passed, 1 failed")
    assert any(text.startswith(f"{part}: 2 tests, ") for text in project.said)
    assert "passed" in (project.root / "reports" / f"gate-{part.replace(' ', '-')}.txt").read_text()


def test_a_worker_that_died_is_red_and_names_its_test_and_those_behind_it(project: Tree) -> None:
    # It dies when the other has nothing left to do: a new worker in its place would wait for ever.
    dies = "import os, time\n\ndef test_dies():\n    time.sleep(2)\n    os._exit(1)\n"
    project.write(light__a=dies, light__b=GREEN, light__c=GREEN, light__d=GREEN)
    assert project.judged(2) == 1
    said = "\n".join(project.said)
    assert "tests/light/test_a.py::test_dies" in said
    assert "crashed while running" in said
    assert "planned and not run: tests/light: 1 tests" in said


@pytest.mark.parametrize("marker", ["", "@pytest.mark.whole_run\n"], ids=["light", "whole-run"])
def test_a_test_that_hangs_is_ended_and_red(project: Tree, marker: str) -> None:
    project.write(
        light__a=f"import time, pytest\n\n{marker}def test_hangs():\n    time.sleep(600)\n", light__b=GREEN
    )
    assert project.judged(2, hang_seconds=2) == 1
    said = "\n".join(project.said)
    assert "tests/light/test_a.py::test_hangs" in said
    assert "crashed while running 'tests/light/test_a.py::test_hangs'" in said


def test_ids_that_differ_between_two_collections_are_red(project: Tree) -> None:
    project.write(
        light__a=GREEN,
        light__b="import time, pytest\n\n@pytest.mark.parametrize('now', [time.time_ns()])\n"
        "def test_now(now):\n    assert now\n",
    )
    assert project.judged(workers=2) == 1
    text = "\n".join(project.said)
    assert (
        "light tests, worker gw1: planned and not collected: tests/light: 1 tests: tests/light/test_b.py"
        in text
    )
    assert project.said[-1].startswith("0 passed, ")


def test_the_tests_of_a_file_run_in_one_process(project: Tree) -> None:
    """What a file brings up is brought up once, whatever the versions of pytest and its workers make of groups."""
    both = (
        "import os\nfrom pathlib import Path\nimport pytest\n\n"
        "@pytest.mark.parametrize('number', range(8))\n"
        "def test_here(number):\n"
        "    with Path(__file__).with_suffix('.pids').open('a') as file:\n"
        "        file.write(f'{os.getpid()}\\n')\n"
    )
    project.write(light__a=both, light__b=both)
    assert project.judged(2) == 0, project.said
    pids = [set((project.root / f"tests/light/test_{name}.pids").read_text().split()) for name in "ab"]
    assert [len(found) for found in pids] == [1, 1]
    assert pids[0] != pids[1]


def test_a_folder_left_out_and_a_file_that_cannot_be_read_are_red(project: Tree) -> None:
    project.write(light__a=GREEN, lost__b=GREEN, broken__c="import nowhere_at_all\n" + GREEN)
    (project.root / "tests" / "lost" / "conftest.py").write_text("collect_ignore_glob = ['*']\n")
    assert project.judged(workers=2) == 1
    red = [text for text in project.said if text.startswith("red: ")]
    assert "red: tests/broken/test_c.py: not collected: " in red[0]
    assert "ModuleNotFoundError: No module named 'nowhere_at_all'" in red[0]
    assert any(
        text.startswith("red: tests/lost/test_b.py: nothing of this file is collected") for text in red
    )
    assert project.said[-1].startswith("0 passed, ")


SHARED = """
import pytest
from tests.conftest import chosen

@pytest.fixture(scope="module")
def shared(request):
    return chosen(request, "name")

@pytest.mark.parametrize("name", ["a", "b"])
def test_asks(name, shared):
    assert shared == ["a", "b"]

def test_asks_about_none(shared):
    assert shared == ["a", "b"]
"""


def test_a_shared_run_is_made_of_what_its_tests_ask_about(
    project: Tree,
) -> None:
    project.write(light__a=SHARED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests"],
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


# Drills in a pool of two, which heal when they are told to end.
DRILLS = """
import subprocess, sys
import pytest
from tests.conftest import at_once

DRILL = '''
import signal, sys, time
from pathlib import Path

def heal(*_):
    Path(sys.argv[1] + ".healed").touch()
    sys.exit(2)

signal.signal(signal.SIGTERM, heal)
Path(sys.argv[1] + ".begun").touch()
time.sleep(120)
'''

def drill(name):
    subprocess.run([sys.executable, "-c", DRILL, name], check=False)

@pytest.mark.whole_run
def test_drills():
    with at_once(2) as pool:
        list(pool.map(drill, ["a", "b", "c"]))
"""
LONG = """
import os, time
from pathlib import Path

def test_long():
    Path("long.begun").write_text(str(os.getpid()))
    time.sleep(120)
"""
BEGUN = ("a.begun", "b.begun", "long.begun")
GATE = """
import sys
from pathlib import Path
from tests.gate.run import Gate

root = Path.cwd()
sys.exit(Gate(root, root / "reports", workers=2, print=print).run())
"""


@pytest.mark.parametrize(
    "number",
    # one loop hands all of them on
    [
        signal.SIGINT,
        *(pytest.param(number, marks=pytest.mark.nightly) for number in (signal.SIGTERM, signal.SIGHUP)),
    ],
    ids=lambda number: number.name,
)
def test_an_interrupted_gate_ends_the_drills_of_its_tests(project: Tree, number: signal.Signals) -> None:
    project.write(runs__drills=DRILLS, light__a=LONG)

    def there(name: str) -> bool:
        return (project.root / name).exists()

    with subprocess.Popen(
        [sys.executable, "-c", GATE], cwd=project.root, stdout=subprocess.PIPE, text=True
    ) as gate:
        try:
            wait_until(lambda: "" if all(map(there, BEGUN)) else "not all have begun", 300)
            gate.send_signal(number)
            said, _ = gate.communicate(timeout=120)
        finally:
            gate.kill()
    assert (gate.returncode, "interrupted" in said) == (2, True), said
    assert not psutil.pid_exists(int((project.root / "long.begun").read_text())), "light tests go on"
    assert there("a.healed")
    assert there("b.healed")
    assert not there("c.begun")
