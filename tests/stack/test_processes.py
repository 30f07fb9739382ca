"""The processes backend with real components: up, down, killed, reloaded, and refusing what is broken."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import requests

from promproof.config.timescale import TimeScale
from promproof.errors import EvidenceError, InputError
from promproof.faults.procfs import MOUNTS
from promproof.render.monitoring import Rendered
from promproof.stack.binaries import Binaries
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports, bound_port
from promproof.stack.processes import Configure, Ports, ProcessStack
from promproof.stack.protocol import Stack, Status
from promproof.stack.waiting import loopback_session, wait_until
from tests.observe import servers

pytestmark = [pytest.mark.stack, pytest.mark.takes(1)]

SECONDS = 60.0
SIXTY = TimeScale(60)

MakeStack = Callable[..., ProcessStack]


@pytest.fixture
def make_stack(binaries: Binaries, configure: Configure, tmp_path: Path, journal: Journal) -> MakeStack:
    def make(configure: Configure = configure, **options: object) -> ProcessStack:
        return ProcessStack(binaries, configure, tmp_path / "work", SIXTY, journal, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def stack(make_stack: MakeStack) -> Iterator[ProcessStack]:
    with make_stack() as stack:
        yield stack


def with_line(configure: Configure, pick: Callable[[Rendered], Path | None], line: str) -> Configure:
    """As `configure`, and then a line is added to one of the rendered files."""

    def broken(ports: Ports) -> Rendered:
        rendered = configure(ports)
        file = pick(rendered)
        assert file is not None
        file.write_text(f"{file.read_text()}\n{line}\n")
        return rendered

    return broken


def get(url: str) -> requests.Response:
    with loopback_session() as session:
        return session.get(url, timeout=SECONDS)


def test_each_component_of_a_running_stack_answers(stack: ProcessStack) -> None:
    urls: Stack = stack
    endpoints = urls.endpoints
    assert endpoints.alertmanager is not None
    assert endpoints.node_exporter is not None
    assert get(f"{endpoints.prometheus}/api/v1/status/runtimeinfo").ok
    assert get(f"{endpoints.alertmanager}/api/v2/status").ok
    assert "node_cpu_seconds_total" in get(f"{endpoints.node_exporter}/metrics").text
    assert {state.status for state in stack.states().values()} == {Status.RUNNING}
    assert stack.alive()
    stack.raise_if_dead()


def test_every_component_listens_on_the_loopback_address_alone(stack: ProcessStack) -> None:
    for name in stack.states():
        pid = stack.pid(name)
        assert pid is not None
        connections = psutil.Process(pid).net_connections(kind="inet")
        bound = [c.laddr for c in connections if c.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)]
        assert [(address.ip, address.port) for address in bound] == [
            ("127.0.0.1", getattr(stack.ports, name))
        ]


def test_the_time_scale_reaches_prometheus(stack: ProcessStack) -> None:
    flags = get(f"{stack.endpoints.prometheus}/api/v1/status/flags").json()["data"]
    assert flags["query.lookback-delta"] == "5s"
    assert flags["rules.alert.resend-delay"] == "1s"
    rules = get(f"{stack.endpoints.prometheus}/api/v1/rules").json()["data"]["groups"][0]
    assert rules["interval"] == 0.5
    assert [rule.get("duration") for rule in rules["rules"]] == [None, 5, 0]


def test_alerts_reach_alertmanager_past_a_proxy_of_the_environment(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.serving(servers.answer("no", 403)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with make_stack() as stack:

            def unmet() -> str:
                alerts = get(f"{stack.endpoints.alertmanager}/api/v2/alerts").json()
                names = [alert["labels"]["alertname"] for alert in alerts]
                return "" if "Always" in names else f"the alerts are {names}"

            wait_until(unmet, SECONDS)
        assert not proxy.seen


def test_a_stopped_component_is_not_taken_for_dead_and_comes_back_in_place(stack: ProcessStack) -> None:
    before = stack.endpoints.alertmanager
    stack.stop("alertmanager")
    assert stack.states()["alertmanager"].status is Status.STOPPED
    assert stack.pid("alertmanager") is None
    assert bound_port(stack.ports.alertmanager) is not None
    stack.raise_if_dead()

    stack.start("alertmanager")
    assert stack.endpoints.alertmanager == before
    assert get(f"{before}/-/ready").ok
    pid = stack.pid("alertmanager")
    stack.start("alertmanager")
    assert stack.pid("alertmanager") == pid


def test_a_killed_component_ends_without_an_orderly_shutdown(stack: ProcessStack) -> None:
    stack.kill("prometheus")
    assert str(stack.states()["prometheus"]) == "stopped with signal 9"
    assert "See you next time" not in "\n".join(stack.log_tail("prometheus"))


def test_a_stack_that_is_left_ends_by_itself_and_is_not_taken_for_dead(stack: ProcessStack) -> None:
    stack.leave()
    wait_until(
        lambda: str(
            [state for state in stack.states().values() if state.pid and state.exit_status is None] or ""
        ),
        20,
    )
    assert stack.alive()


def test_a_component_that_died_by_itself_is_reported_with_its_log(stack: ProcessStack) -> None:
    pid = stack.pid("prometheus")
    assert pid is not None
    psutil.Process(pid).terminate()
    wait_until(lambda: "it runs" if stack.pid("prometheus") else "", SECONDS)
    assert not stack.alive()
    with pytest.raises(EvidenceError, match="prometheus: died with exit status 0") as caught:
        stack.raise_if_dead()
    assert "See you next time" in "\n".join(caught.value.log)
    stack.close()
    assert stack.states()["prometheus"].status is Status.DIED
    assert stack.states()["alertmanager"].status is Status.STOPPED


def test_a_changed_configuration_is_read_again(stack: ProcessStack) -> None:
    file = stack.rendered.rule_files[0]
    file.write_text(file.read_text().replace("Always", "Sometimes"))
    stack.reload("prometheus")
    stack.reload("alertmanager")
    assert "Sometimes" in get(f"{stack.endpoints.prometheus}/api/v1/rules").text


def test_a_broken_configuration_is_refused_with_its_log(stack: ProcessStack) -> None:
    stack.rendered.prometheus_config.write_text("nonsense: true\n")
    with pytest.raises(
        EvidenceError, match=r"prometheus: refuses to reload: failed to reload config"
    ) as caught:
        stack.reload("prometheus")
    assert "nonsense not found" in "\n".join(caught.value.log)


@pytest.mark.parametrize(
    ("component", "pick", "line", "message"),
    [
        ("prometheus", lambda r: r.prometheus_config, "nonsense: true", "field nonsense not found"),
        ("prometheus", lambda r: r.rule_files[0], "nonsense: true", "field nonsense not found"),
        ("alertmanager", lambda r: r.alertmanager_config, "nonsense: true", "field nonsense not found"),
    ],
)
def test_a_refused_configuration_shows_its_log_and_leaves_nothing_running(
    make_stack: MakeStack,
    configure: Configure,
    component: str,
    pick: Callable[[Rendered], Path | None],
    line: str,
    message: str,
) -> None:
    stack = make_stack(with_line(configure, pick, line))
    with pytest.raises(EvidenceError, match=r"died with exit status \d before it was ready") as caught:
        stack.__enter__()
    assert caught.value.component == component
    assert message in "\n".join(caught.value.log)
    assert f"logs/{component}.log" in caught.value.todo
    assert {state.status for state in stack.states().values()} <= {Status.STOPPED, Status.DIED}


def test_a_mistake_of_the_user_leaves_nothing_running(make_stack: MakeStack) -> None:
    def refuse(ports: Ports) -> Rendered:
        raise InputError("a job without an address")

    stack = make_stack(refuse)
    with pytest.raises(InputError):
        stack.__enter__()
    assert stack.states() == {}


def test_a_component_that_never_becomes_ready_is_given_up_with_its_log(
    make_stack: MakeStack, binaries: Binaries, configure: Configure, tmp_path: Path, journal: Journal
) -> None:
    idle = tmp_path / "idle"
    idle.write_text("#!/bin/sh\necho waiting for nothing\nexec sleep 600\n")
    idle.chmod(0o755)
    lazy = replace(binaries, alertmanager=replace(binaries.alertmanager, path=idle))
    stack = ProcessStack(lazy, configure, tmp_path / "work", SIXTY, journal, ready_seconds=3)
    with pytest.raises(EvidenceError, match="alertmanager: running, but not ready after 3 s") as caught:
        stack.__enter__()
    assert caught.value.log == ("waiting for nothing",)
    assert {state.status for state in stack.states().values()} == {Status.STOPPED}


def test_a_port_that_another_stack_took_in_between_is_replaced(
    make_stack: MakeStack, configure: Configure
) -> None:
    with make_stack() as first:
        taken = [first.ports.prometheus, first.ports.alertmanager, first.ports.node_exporter]
        offers = [taken, allocate_ports(3)]
        # The second stack has the first one's ports on offer, where somebody answers that everything is ready.
        second = ProcessStack(
            first._binaries,
            configure,
            first._workdir.parent / "second",
            SIXTY,
            first._journal,
            allocate=lambda count: offers.pop(0),
        )
        with second:
            assert offers == []
            assert second.ports.prometheus not in taken
            assert second.alive()
        assert first.alive()


def test_a_port_that_a_silent_program_has_is_replaced(make_stack: MakeStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        offers = [[*allocate_ports(2), int(other.getsockname()[1])], allocate_ports(3)]
        with make_stack(allocate=lambda count: offers.pop(0)) as stack:
            assert offers == []
            assert stack.alive()


def test_node_exporter_reads_the_given_proc_folder(make_stack: MakeStack, tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    (proc / "1").mkdir(parents=True)
    for name, rows in MOUNTS.items():
        (proc / "1" / name).write_text(rows)
    (proc / "stat").write_text("cpu  0 0 0 0\ncpu0 12300 0 0 45600 0 0 0 0 0 0\n")
    (proc / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 250 kB\n")
    with make_stack(node_exporter_procfs=proc) as stack:
        text = get(f"{stack.endpoints.node_exporter}/metrics").text
    assert 'node_cpu_seconds_total{cpu="0",mode="user"} 123\n' in text
    assert "node_memory_MemAvailable_bytes 256000\n" in text
    for name in ("avail", "size"):
        assert f'node_filesystem_{name}_bytes{{device="/dev/root",fstype="ext4",mountpoint="/"}}' in text


def test_no_alertmanager_is_started_without_a_configuration(
    make_stack: MakeStack, configure: Configure
) -> None:
    with make_stack(lambda ports: replace(configure(ports), alertmanager_config=None)) as stack:
        assert stack.endpoints.alertmanager is None
        assert "alertmanager" not in stack.states()
        with pytest.raises(InputError, match="this stack has no alertmanager"):
            stack.stop("alertmanager")
        with pytest.raises(InputError, match="no configuration to read again"):
            stack.reload("node_exporter")


def test_a_stack_has_no_state_before_it_is_entered(make_stack: MakeStack) -> None:
    stack = make_stack()
    assert stack.states() == {}
    with pytest.raises(RuntimeError, match="has not been entered"):
        _ = stack.endpoints.prometheus
