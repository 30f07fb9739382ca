"""The worked examples of CONTRIBUTING.md, loaded as plugins as they stand there: one file adds a kind."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promproof import plugins
from promproof.checks import CHECKS, claims, judge_all
from promproof.checks.panel_values import truth_of
from promproof.config.timescale import TimeScale
from promproof.contract import model as contracts
from promproof.contract.model import Contract
from promproof.contract.panels import PANEL_TRUTHS, PanelClaim
from promproof.drills.drill import Drill, as_json, load
from promproof.drills.plan import Step, steps
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence, Shot
from promproof.evidence.history import History
from promproof.evidence.records import Timing
from promproof.exposition import parse
from promproof.faults.kind import FAULTS
from promproof.faults.site import Site
from promproof.faults.undo import UndoBook
from promproof.load import scenario as scenarios
from promproof.load.arrival.kind import ARRIVALS
from promproof.load.models import Scenario
from promproof.load.plan import Plan
from promproof.observe.webhook import Receiver
from promproof.places import DEFAULT_CONTRACT, REPOSITORY
from promproof.pytest_plugin.ending import set_status
from promproof.pytest_plugin.state import FOLDER, RESULT
from promproof.registry import Registry
from promproof.report.output import OUTPUTS
from promproof.run.ending import Ending
from promproof.run.frame import Result
from promproof.run.world import World
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
REGISTRIES: tuple[Registry[Any], ...] = (CHECKS, FAULTS, PANEL_TRUTHS, OUTPUTS, ARRIVALS)
Plug = Callable[[str, str], None]


def example(name: str) -> str:
    """The code block of CONTRIBUTING.md that begins with this file's name."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```python\n(# plugins/{name}\n.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    return str(blocks[0])


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Writes a file of a plugin folder and loads it; afterwards nothing knows of it."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv(plugins.VARIABLE, "")
    monkeypatch.setattr(plugins, "_loaded", set())
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, "_kinds", dict(zip(registry.names(), registry, strict=True)))

    def load(name: str, source: str) -> None:
        (folder / name).write_text(source, encoding="utf-8")
        plugins._loaded.clear()  # a folder is looked at once
        plugins.use([folder])

    yield load
    for module in [name for name in sys.modules if name.startswith("promproof_plugin_")]:
        del sys.modules[module]


def evidence(exposed: str) -> Evidence:
    """Of a run that has seen this exposition at rest, and nothing else."""
    found = Evidence(contract(), History("by hand", 0.0, 0.0))
    found.__dict__.update(rest=Shot("rest", 0.0, 0.1, parse(exposed), 0), scale=TimeScale(60))
    return found


def contract() -> Contract:
    return contracts.load(DEFAULT_CONTRACT)


@pytest.mark.parametrize(
    ("exposed", "outcome"),
    [("3.0", "pass"), ("1e+06", "pass"), ("2.5", "fail"), ("NaN", "fail"), (None, "unknown")],
    ids=["whole", "whole and large", "broken", "no number", "not exposed"],
)
def test_a_check_is_one_file_of_a_plugin_folder(exposed: str | None, outcome: str, plug: Plug) -> None:
    before = [claim.id for _, claim in claims(contract())]
    plug("whole_counts.py", example("whole_counts.py"))
    after = [claim.id for _, claim in claims(contract())]
    assert after[: len(before)] == before, "the library's claims stand where they stood"
    assert "metric/http_requests_total/whole" in after[len(before) :]
    text = "" if exposed is None else f'http_requests_total{{method="GET"}} {exposed}\n'
    assert judged(evidence(text))["metric/http_requests_total/whole"].outcome == outcome


def ended(folder: Path, outcome: Outcome = Outcome.FAIL) -> int:
    """The exit status of a pytest run with these verdicts, once its outputs are written."""
    verdicts = [Verdict("target/up", Outcome.PASS, "it is"), Verdict("x/y", outcome, "1 | 2")]
    options = {"collectonly": False, "promproof_strict": False, "promproof_claim": []}
    stash = pytest.Stash()
    stash[RESULT] = Result(folder, verdicts, evidence(""), Ending())
    stash[FOLDER] = folder
    told = pytest.ExitCode.TESTS_FAILED
    session: Any = SimpleNamespace(
        config=SimpleNamespace(stash=stash, getoption=options.__getitem__), exitstatus=told
    )
    set_status(session)
    return int(session.exitstatus)


def test_an_output_is_one_file_of_a_plugin_folder(plug: Plug, tmp_path: Path) -> None:
    plug("markdown.py", example("markdown.py"))
    assert ended(tmp_path) == 1
    assert (tmp_path / "verdicts.md").read_text(encoding="utf-8").splitlines() == [
        "| verdict | claim | seen |",
        "|---|---|---|",
        "| fail | `x/y` | 1 / 2 |",
    ]
    assert (tmp_path / "report.json").exists()


def test_an_output_that_crashes_costs_no_other(
    plug: Plug, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "from promproof.report.output import register\n\n@register('broken', order=1)\n"
    plug("broken.py", f"{head}def write(report):\n    1 / 0\n")
    plug("markdown.py", example("markdown.py"))
    assert ended(tmp_path) == 2
    assert (tmp_path / "verdicts.md").exists()
    assert (tmp_path / "report.json").exists()
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_the_outputs_of_a_run_have_an_order() -> None:
    assert OUTPUTS.names() == ("terminal", "json", "panels", "github", "metrics", "badge", "page")


DRILL = """\
drill: 1
name: Flagged
alert: HighErrorRate
fault:
  kind: flag_file
  path: {path}
below: 0.04
above: 0.06
"""


@contextmanager
def world(book: UndoBook) -> Iterator[World]:
    """A run that has a book and a receiver, and nothing else that faults could act on."""
    receiver = Receiver(lambda: 0.0)
    site = Site(book, Nothing(), None, None, None, "api", None, 1.0)  # type: ignore[arg-type]  # no stack
    try:
        yield World(site, receiver)
    finally:
        receiver.close()


class Nothing:
    """Whoever asks it for something fails."""


def test_a_fault_is_one_file_of_a_plugin_folder(plug: Plug, tmp_path: Path) -> None:
    path, flag = tmp_path / "drill.yaml", tmp_path / "flag"
    path.write_text(DRILL.format(path=flag), encoding="utf-8")
    with pytest.raises(InputError, match=r"kind must be one of .*errors.*undiscovered") as caught:
        load(path)
    assert caught.value.where == f"{path}:4"
    plug("flag_file.py", example("flag_file.py"))
    drill = load(path)
    assert Drill.model_validate(as_json(drill)) == drill, "as the history keeps it"
    timing = Timing(0.05, 5.0, 1.0, 0.25, 0.25, 0.1, 0.1)
    written = []
    with UndoBook(tmp_path / "undo") as book, world(book) as site:
        for step in steps(drill, timing, 0.1):
            site.perform(drill, step)
            written.append(flag.read_text(encoding="utf-8").strip() if flag.exists() else None)
            assert site.is_clean() == (written[-1] is None)
    assert written == ["0.04", "0.06", None, None], "below, raised, healed, quiet"


def test_a_fault_of_a_plugin_is_taken_back_when_a_drill_breaks_off(plug: Plug, tmp_path: Path) -> None:
    plug("flag_file.py", example("flag_file.py"))
    path, flag = tmp_path / "drill.yaml", tmp_path / "flag"
    path.write_text(DRILL.format(path=flag), encoding="utf-8")
    drill = load(path)
    with UndoBook(tmp_path / "undo") as book, world(book) as site:
        site.perform(drill, Step("raised", "dose", 0.06))
        assert flag.exists()
        assert site.heal_all() == [f"rm -f -- {flag}"]
        assert not flag.exists()
        assert site.is_clean()


def test_a_mistake_in_a_drill_of_a_plugin_is_reported_with_its_line(plug: Plug, tmp_path: Path) -> None:
    plug("flag_file.py", example("flag_file.py"))
    path = tmp_path / "drill.yaml"
    path.write_text(DRILL.format(path="here"), encoding="utf-8")
    with pytest.raises(InputError, match=r"fault\.path") as caught:
        load(path)
    assert caught.value.where == f"{path}:6"


CONSTANT = """\
from typing import Literal

from promproof.truth.metrics import Interval
from promproof.truth.panel import Truth, register


@register
class Constant(Truth):
    kind: Literal["constant"]
    value: float
    tolerance = "exact"

    @property
    def about(self):
        return "a constant"

    def bounds(self, views, answer, ordinal, subject):
        return lambda t: {(): Interval(self.value, self.value)}

    def key(self, labels):
        return ()
"""


def test_a_panel_truth_is_one_file_of_a_plugin_folder(plug: Plug) -> None:
    panel = {"title": "Limit", "unit": "short", "truth": {"kind": "constant", "value": 3.0}}
    with pytest.raises(ValueError, match="kind must be one of increase, machine"):
        PanelClaim.model_validate(panel)
    plug("constant.py", CONSTANT)
    claim = PanelClaim.model_validate(panel)
    truth = truth_of(claim)
    assert truth is not None
    nobody: Any = None
    assert 3.0 in (truth.bounds(nobody, nobody, 0, "")(1.0)[()] or [])
    assert PanelClaim.model_validate(claim.model_dump()) == claim
    with pytest.raises(ValueError, match="limit"):
        PanelClaim.model_validate({**panel, "truth": {"kind": "constant", "value": 3.0, "limit": 1}})


def test_every_panel_truth_has_its_row_in_the_documentation() -> None:
    text = (REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    for name in PANEL_TRUTHS.names():
        assert any(f"`{name}`" in row for row in rows), name


SCENARIO = """\
scenario: 1
name: burst
mix: [{name: list, steps: [{request: GET /}]}]
duration: 1s
arrival: {model: bursts, sessions: 3}
"""


def bursts_played(scenario: Scenario, seconds: int) -> list[str]:
    """Names of the sessions that the model starts in so many seconds of its own clock."""
    played: list[str] = []
    slept: list[float] = []
    ground: Any = SimpleNamespace(
        plan=Plan(scenario),
        sessions=SimpleNamespace(spawn=lambda start, *given: start(*given)),
        stop=SimpleNamespace(asked=False),
        enough=lambda: sum(slept) >= seconds,
        sleep=slept.append,
        team=SimpleNamespace(share=SimpleNamespace(has=lambda number: True)),
        generator=SimpleNamespace(sent=0),
    )
    player: Any = SimpleNamespace(play=lambda session, visit: played.append(session.name))
    assert scenario.arrival is not None
    scenario.arrival.drive(ground, player)
    assert ground.generator.sent == len(played)
    return played


def test_a_load_model_is_one_file_of_a_plugin_folder(plug: Plug, tmp_path: Path) -> None:
    path = tmp_path / "burst.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    with pytest.raises(InputError, match="model must be one of closed, open") as caught:
        scenarios.load(path)
    assert caught.value.where == f"{path}:5"
    plug("bursts.py", example("bursts.py"))
    scenario = scenarios.load(path)
    assert scenario.arrival is not None
    assert scenario.arrival.constant == 3
    assert scenario.arrival.schedule(1.0, 0) is None, (
        "the master knows no bound of what a lost worker has sent"
    )
    assert bursts_played(scenario, seconds=2) == ["list"] * 6
    with pytest.raises(InputError, match="arrival model bursts has no rate"):
        scenarios.override(scenario, rate=3.0)
    path.write_text(SCENARIO.replace("sessions: 3", "sessions: 3, stages: [{for: 1s}]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"arrival\.stages") as caught:
        scenarios.load(path)
    assert caught.value.where == f"{path}:5"


def test_every_load_model_has_its_line_in_the_documentation() -> None:
    text = (REPOSITORY / "docs" / "load.md").read_text(encoding="utf-8")
    for name in ARRIVALS.names():
        assert f"arrival: {{model: {name}, " in text, name


def judged(found: Evidence) -> dict[str, Verdict]:
    return {verdict.claim: verdict for verdict in judge_all(found) if verdict.claim.endswith("/whole")}


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("import promproof\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("x = 1\ndef broken(:\n", 2, "SyntaxError"),
        ("import no_such_library\n", 1, "ModuleNotFoundError: No module named 'no_such_library'"),
        (
            "from promproof.checks.base import Check, register\n\nregister(Check('exact', list, print))\n",
            3,
            "ValueError: there is a check of the name 'exact' already",
        ),
        ("def raised():\n    raise KeyError('x')\n\n\nraised()\n", 2, "KeyError: 'x'"),
    ],
    ids=["crash", "syntax", "import", "a name that is taken", "in a function"],
)
def test_a_plugin_that_crashes_is_an_input_error_with_its_file_and_line(
    source: str, line: int, said: str, plug: Plug
) -> None:
    with pytest.raises(InputError) as caught:
        plug("broken.py", source)
    assert caught.value.where.endswith(f"plugins/broken.py:{line}")
    assert said in caught.value.what
    with pytest.raises(InputError):  # asked again it is not taken for loaded
        plugins.load()


def test_a_folder_of_plugins_that_is_not_there_is_an_input_error(plug: Plug, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        plugins.use([tmp_path / "nowhere"])
    assert (caught.value.where, caught.value.what) == (
        str(tmp_path / "nowhere"),
        "no folder of plugins is there",
    )


def test_each_module_of_checks_has_an_order_of_its_own() -> None:
    places: dict[int, set[str]] = {}
    for check in CHECKS:
        places.setdefault(check.order, set()).add(check.name)
    modules = [name for names in places.values() for name in names]
    assert len(modules) == len(set(modules)) == len(CHECKS.names())
    assert 1000 not in places, "that is where plugins stand"
