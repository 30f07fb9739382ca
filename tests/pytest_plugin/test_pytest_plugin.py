"""The plugin in pytest: silent where nobody asks for it, and claims as items that pytest's own options work on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from promproof.places import REPOSITORY

pytestmark = pytest.mark.stack
SHOP = REPOSITORY / "tests" / "run" / "shop"
SEVERAL = Path(__file__).with_name("several.py")
ALONE = {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The plugin is named; others of this environment take seconds to import."""
STRANGER = """
import sys

def test_nothing_of_the_plugin_is_here(request):
    heavy = {"locust", "gevent", "requests", "pydantic", "docker", "yaml", "rich.console"}
    assert not heavy & set(sys.modules)
    assert not [name for name in sys.modules if name.startswith(("promproof.run", "promproof.checks", "promproof.cli"))]
    assert not request.config.pluginmanager.has_plugin("promproof-run")

def test_its_fixtures_are_the_stranger_s(verdict, claim):
    assert (verdict, claim) == ("mine", "mine too")
"""
STRANGER_FIXTURES = """
import pytest

@pytest.fixture
def verdict():
    return "mine"

@pytest.fixture
def claim():
    return "mine too"
"""


@dataclass(frozen=True)
class Told:
    """How one pytest run ended."""

    status: int
    output: str
    driven: int


def strangers_repository(folder: Path) -> Path:
    """A repository with tests of its own, none of which is about a contract."""
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_mine.py").write_text(STRANGER, encoding="utf-8")
    (folder / "conftest.py").write_text(STRANGER_FIXTURES, encoding="utf-8")
    return folder


RUNS = {
    "all": [],
    "-k": ["-k", "shop_calls_total and not exact"],
    "-x": ["-x"],
    "--lf": ["--lf", "-v"],
    "--junitxml": ["--junitxml=own.xml", "-k", "exact or up"],
    "--collect-only": ["--collect-only", "-q"],
    "by id": ["SHOP::metric/shop_calls_total/form", "-v"],
    "no such option": ["--promproof-contrat=x"],
    "claim": ["--promproof-claim=alert/"],
    "-n": ["-p", "xdist.plugin", "-n", "2"],
    "-n 0": ["-p", "xdist.plugin", "-n", "0", "--collect-only", "-q"],
    "a path": ["claimless", "-v"],
    "a path and -k": ["claimless", "-k", "shop_calls_total and form", "-v"],
    "a path and --collect-only": ["claimless", "--collect-only", "-q"],
    "a path with a red test": ["red", "-k", "test_red or form"],
    "no such claim": ["--promproof-claim=metrc/"],
    "a claim's name with a slip": ["--promproof-claim=metric/shop_cals_total/exact"],
    "none is chosen": ["-k", "nothing", "--promproof-reports=unused"],
}
"""By name: what is given after the contract, in this order, in one folder."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = strangers_repository(tmp_path_factory.mktemp("stranger"))
    (folder / "claimless").mkdir()
    (folder / "red").mkdir()
    (folder / "red" / "test_red.py").write_text("def test_red():\n    assert False\n", encoding="utf-8")
    (folder / "claimless" / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Told]:
    """All runs, in a repository whose own tests would fail for want of its conftest."""
    given = ["-p", "promproof.pytest_plugin", f"--promproof-contract={SHOP / 'contract.yaml'}"]
    given += [f"--promproof-monitoring={SHOP / 'monitoring'}", "--promproof-target=http://127.0.0.1:1"]
    runs = [
        [*given, *(word.replace("SHOP", str(SHOP / "contract.yaml")) for word in words)]
        for words in RUNS.values()
    ]
    done = subprocess.run(
        [sys.executable, str(SEVERAL), json.dumps(runs)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **ALONE},
    )
    assert done.returncode == 0, done.stderr
    return {name: Told(**answer) for name, answer in zip(RUNS, json.loads(done.stdout), strict=True)}


def test_a_run_that_does_not_ask_imports_and_writes_nothing(tmp_path: Path) -> None:
    stranger = strangers_repository(tmp_path / "stranger")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "promproof.pytest_plugin", "-p", "no:cacheprovider", "-q"],
        cwd=stranger,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **ALONE, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert sorted(path.name for path in stranger.rglob("*")) == ["conftest.py", "test_mine.py", "tests"]


def test_without_paths_the_claims_alone_are_collected_and_the_run_is_driven_once(
    told: dict[str, Told],
) -> None:
    assert told["all"].driven == 1
    assert "test_mine" not in told["all"].output
    assert "1 failed, 26 passed, 1 unknown in" in told["all"].output
    assert told["all"].status == 1


def test_an_item_is_named_by_the_contract_and_the_claim(told: dict[str, Told]) -> None:
    lines = told["--collect-only"].output.splitlines()
    assert any(line.endswith("contract.yaml::metric/shop_calls_total/exact") for line in lines), lines
    assert (told["--collect-only"].status, told["--collect-only"].driven) == (0, 0)


def test_one_claim_is_chosen_by_its_id(told: dict[str, Told]) -> None:
    assert "contract.yaml::metric/shop_calls_total/form" in told["by id"].output
    assert "1 passed" in told["by id"].output
    assert told["by id"].status == 0, "the claim that fails was not asked for"


def test_the_option_k_chooses_claims(told: dict[str, Told]) -> None:
    assert "deselected" in told["-k"].output
    assert "failed" not in told["-k"].output.splitlines()[-1]
    assert (told["-k"].status, told["-k"].driven) == (0, 1)


def test_the_option_x_stops_at_the_first_failed_claim(told: dict[str, Told]) -> None:
    assert "stopping after 1 failures" in told["-x"].output
    assert told["-x"].status == 1


def test_the_option_lf_repeats_the_claim_that_failed(told: dict[str, Told]) -> None:
    assert "contract.yaml::metric/shop_calls_total/exact" in told["--lf"].output
    assert "1 failed" in told["--lf"].output.splitlines()[-1]
    assert "1 claims: 1 fail" in told["--lf"].output.replace("claim:", "claims:")


def test_the_user_s_junit_file_has_the_claims(told: dict[str, Told], folder: Path) -> None:
    suite = ElementTree.parse(folder / "own.xml").getroot()[0]
    assert {case.get("name") for case in suite} >= {"metric/shop_calls_total/exact", "target/up"}
    assert (suite.get("failures"), told["--junitxml"].status) == ("1", 1)
    rows = {case.get("name"): case for case in suite}
    error = rows["target/up"].find("error")
    assert error is not None, "what is unknown is an error"
    assert "unknown: as told" in str(error.get("message"))
    assert suite.get("errors") == "2", "and so is the run"
    assert suite.get("skipped") == "0"


def test_a_claim_s_prefix_chooses_claims_and_the_verdicts_that_count(told: dict[str, Told]) -> None:
    assert told["claim"].status == 0
    assert "failed" not in told["claim"].output


def test_the_claims_are_judged_beside_tests_of_a_path_that_ask_for_none(told: dict[str, Told]) -> None:
    output = told["a path"].output
    assert "test_own PASSED" in output
    assert "collected 29 items" in output
    assert "contract.yaml::metric/shop_calls_total/exact FAILED" in output
    assert (told["a path"].status, told["a path"].driven) == (1, 1)
    assert "1 passed, 28 deselected" in told["a path and -k"].output
    assert told["a path and -k"].status == 0
    lines = told["a path and --collect-only"].output.splitlines()
    assert any(line.endswith("contract.yaml::metric/shop_calls_total/exact") for line in lines), lines


def test_a_test_of_the_user_s_own_that_fails_is_1_and_not_unknown(told: dict[str, Told]) -> None:
    assert "1 failed, 2 passed" in told["a path with a red test"].output
    assert told["a path with a red test"].status == 1


def test_a_mistyped_claim_is_told_what_is_meant(told: dict[str, Told]) -> None:
    assert "no claim's id starts with 'metrc/'; did you mean metric/?" in told["no such claim"].output
    assert "did you mean metric/shop_calls_total/exact" in told["a claim's name with a slip"].output
    assert told["no such claim"].status == 4


def test_a_run_that_chooses_no_claim_says_so_and_leaves_no_folder(
    told: dict[str, Told], folder: Path
) -> None:
    assert (told["none is chosen"].status, told["none is chosen"].driven) == (2, 0)
    assert "unknown: no claim was judged, since none of 28 was chosen" in told["none is chosen"].output
    assert not (folder / "unused").exists()


def test_several_processes_are_refused_and_one_is_not(told: dict[str, Told]) -> None:
    assert (told["-n"].status, told["-n"].driven) == (4, 0)
    assert "which several processes can't share" in told["-n"].output
    assert "leave the option out, or add -n 0" in told["-n"].output
    assert told["-n 0"].status == 0


def test_a_mistyped_option_ends_with_4(told: dict[str, Told]) -> None:
    assert told["no such option"].status == 4
    assert "unrecognized arguments: --promproof-contrat=x" in told["no such option"].output
