"""The worked examples of CONTRIBUTING.md, loaded as plugins as they stand there: one file adds a kind."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promproof import plugins
from promproof.checks import CHECKS, claims, judge_all
from promproof.config.timescale import TimeScale
from promproof.contract import model as contracts
from promproof.contract.model import Contract
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence, Shot
from promproof.evidence.history import History
from promproof.exposition import parse
from promproof.places import DEFAULT_CONTRACT, REPOSITORY
from promproof.registry import Registry
from promproof.verdict import Verdict

pytestmark = pytest.mark.unit
REGISTRIES: tuple[Registry[object], ...] = (CHECKS,)  # type: ignore[assignment]  # whatever their kinds are
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
