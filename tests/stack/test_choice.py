"""Which backend a run gets, why, and what is refused before anything is started."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.contract import model as contracts
from promproof.contract.deployment import Deployment
from promproof.drills.drill import Loaded, load_folder
from promproof.errors import InputError
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, DRILLS, REPOSITORY
from promproof.run import drills
from promproof.run.options import Options, wish_of
from promproof.run.prepare import prepare
from promproof.stack.backend import Backend
from promproof.stack.choice import BACKENDS, Can, Kind, Wish, abilities, choose, fitting
from promproof.stack.protocol import Endpoints, Say

pytestmark = pytest.mark.unit
RUNNING = Endpoints("http://127.0.0.1:9090")
CLASSES = (
    "ProcessStack",
    "ContainerStack",
    "ExternalStack",
    "ManagedApp",
    "ContainerApp",
    "ContainerProject",
)
CONCRETE = ("processes", "containers", "external", "project", "container_app", "deployed", "backends")


@pytest.fixture
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


def deployment() -> Deployment:
    found = contracts.load(DEFAULT_CONTRACT).deployment
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(), ["containers", "processes"]),
        (Wish(running=RUNNING, target_runs=True, local_target=True), ["external"]),
        (Wish("processes"), ["processes"]),
        (Wish("containers", local_target=True, on_bridge=True), ["containers"]),
    ],
    ids=["auto", "auto with a running stack", "processes", "containers that reach the target by the bridge"],
)
def test_the_backends_that_fit_a_wish_are_tried_in_their_order(wish: Wish, names: list[str]) -> None:
    assert [kind.name for kind in fitting(wish)] == names


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish("external"), "--stack external needs --prometheus"),
        (Wish("processes", running=RUNNING), "--stack processes brings up a Prometheus of its own"),
        (Wish("containers", running=RUNNING), "--stack containers brings up a Prometheus of its own"),
        (Wish("containers", local_target=True), "does not reach 127"),
        (Wish(running=RUNNING), "--prometheus needs --target"),
        (Wish("swarm"), "there is no backend 'swarm'"),
    ],
    ids=lambda value: value.name if isinstance(value, Wish) else "",
)
def test_a_wish_that_no_backend_can_fulfil_is_refused_with_its_reason(wish: Wish, says: str) -> None:
    with pytest.raises(InputError, match=says):
        fitting(wish)


def test_auto_takes_processes_where_no_engine_answers_and_says_why(no_engine: None) -> None:
    said: list[str] = []
    wish = Wish(compose=DEFAULT_MONITORING / "docker-compose.yml", deployment=deployment())
    assert choose(wish, said.append).name == "processes"
    assert said[-1].startswith("stack: processes, since no container engine answers: ")


def test_auto_takes_processes_for_a_target_that_is_no_service() -> None:
    said: list[str] = []
    assert choose(Wish(local_target=True), said.append).name == "processes"
    assert said == ["stack: processes, since the target is not a service of the compose file"]


def test_containers_that_were_asked_for_are_never_replaced(no_engine: None) -> None:
    wish = Wish("containers", compose=DEFAULT_MONITORING / "docker-compose.yml", deployment=deployment())
    with pytest.raises(InputError, match="no container engine answers"):
        choose(wish, lambda _: None)


def test_only_a_stack_that_the_run_starts_can_be_controlled() -> None:
    assert abilities(Wish()) == frozenset(Can)
    assert abilities(Wish(running=RUNNING, target_runs=True)) == frozenset()
    assert {kind.name for kind in BACKENDS} == {"containers", "external", "processes"}


def refused(wish: Wish, say: Say) -> Backend:
    raise InputError(what="no swarm is there")


def none(wish: Wish) -> InputError | None:
    return None


def test_a_backend_is_added_by_registering_it(monkeypatch: pytest.MonkeyPatch) -> None:
    list(BACKENDS)  # the library's are known before
    monkeypatch.setitem(BACKENDS._kinds, "swarm", Kind("swarm", 1, frozenset(), none, refused))
    assert [kind.name for kind in fitting(Wish())] == ["swarm", "containers", "processes"]
    assert abilities(Wish()) == frozenset()
    said: list[str] = []
    assert choose(Wish(local_target=True), said.append).name == "processes"
    with pytest.raises(InputError, match="no swarm is there"):
        choose(Wish("swarm"), said.append)


@pytest.mark.parametrize("what", ["alertmanager_restarts", "prometheus_restarts"])
def test_a_drill_that_restarts_a_component_is_refused_for_a_stack_that_runs_already(what: str) -> None:
    options = Options.of(
        target="http://127.0.0.1:1",
        prometheus="http://127.0.0.1:2",
        fault_url="http://127.0.0.1:3",
        fault_token="x",
        drill=False,
    )
    sound = next(drill for drill in load_folder(DRILLS) if drill.plan.name == "HighErrorRate")
    disturb = {"what": what, "times": 1, "when": "firing"}
    plan = type(sound.plan).model_validate(
        {**sound.plan.model_dump(mode="json", by_alias=True, exclude_unset=True), "disturb": disturb}
    )
    with pytest.raises(InputError, match="needs a stack that the run has started"):
        drills.refuse(prepare(options), [Loaded(plan=plan, path=sound.path)])
    assert wish_of(options).target_runs


def nosy(source: str) -> Iterator[str]:
    """Where a module asks for a backend's class, or imports a backend."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            yield from (
                f"line {node.lineno}: {name}" for name in CLASSES if name in ast.unparse(node.args[1])
            )
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (f"line {node.lineno}: {name}" for name in names if _is_concrete(name))
        elif isinstance(node, ast.Import):
            yield from (
                f"line {node.lineno}: {alias.name}" for alias in node.names if _is_concrete(alias.name)
            )


def _is_concrete(name: str) -> bool:
    return name.startswith(tuple(f"promproof.stack.{module}" for module in CONCRETE))


def test_no_module_outside_of_the_stack_asks_for_a_backend() -> None:
    for path in (REPOSITORY / "promproof").rglob("*.py"):
        if "stack" not in path.relative_to(REPOSITORY / "promproof").parts[:1]:
            assert list(nosy(path.read_text(encoding="utf-8"))) == [], path


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(stack, ContainerStack)",
        "isinstance(self.stack, ProcessStack | ContainerStack)",
        "isinstance(app, (ManagedApp, other.ContainerApp))",
        "from promproof.stack.processes import ProcessStack",
        "from promproof.stack import external",
        "import promproof.stack.project",
        "def late():\n    from promproof.stack.backends.containers import make",
    ],
)
def test_a_module_that_asks_for_a_backends_class_is_found(source: str) -> None:
    assert len(list(nosy(source))) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(error, InputError)",
        "from promproof.stack.protocol import Stack",
        "from promproof.stack import compose, supply",
    ],
)
def test_a_module_that_keeps_to_the_protocol_is_not_found(source: str) -> None:
    assert list(nosy(source)) == []
