"""The target as a child process: any command, its health, its port, its real pid."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from promproof.errors import EvidenceError, InputError
from promproof.stack.app import ManagedApp, ask_health, need_port
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports, bound_port
from promproof.stack.protocol import SentRequest, Status
from promproof.stack.waiting import loopback_session, wait_until

pytestmark = pytest.mark.stack

SECONDS = 60.0

MakeApp = Callable[..., ManagedApp]


@pytest.fixture
def make_app(server: Path, tmp_path: Path, journal: Journal) -> MakeApp:
    def make(command: str = f"{{python}} {server} {{port}}", **options: object) -> ManagedApp:
        return ManagedApp(command, tmp_path / "work", journal, **options)  # type: ignore[arg-type]

    return make


def body(app: ManagedApp) -> str:
    with loopback_session() as session:
        return session.get(f"{app.url}/", timeout=SECONDS).text


def test_placeholders_are_filled_and_unknown_ones_stay(make_app: MakeApp) -> None:
    places = "{port} {fault_port} {workdir} {token} {python} {other}"
    with make_app(env={"GREETING": places}) as app:
        assert body(app).split(" ") == [
            str(app.port),
            str(app.fault_port),
            str(app.log.parents[1]),
            app.token,
            sys.executable,
            "{other}",
        ]


def test_metrics_may_have_a_port_of_their_own(make_app: MakeApp) -> None:
    with make_app(env={"GREETING": "{metrics_port}", "METRICS": "{metrics_port}"}) as app:
        socket.create_connection(("127.0.0.1", app.metrics_port)).close()  # it opens after the other one
        assert app.metrics_port not in (app.port, app.fault_port)
        assert app.metrics_base == f"http://{app.address}" == f"http://127.0.0.1:{body(app)}"
    with make_app() as app:
        assert app.metrics_base == app.url


def test_a_command_runs_in_the_folder_that_is_named(make_app: MakeApp, server: Path) -> None:
    with make_app(f"{{python}} {server.name} {{port}}", directory=server.parent) as app:
        assert body(app) == "hello"


def test_a_target_is_ready_with_the_status_that_its_health_path_has(make_app: MakeApp) -> None:
    with make_app(env={"UNHEALTHY": "100000"}, health_status=503) as app:
        assert ask_health(app.url, "/other", lambda request: None, (204,)).endswith(
            "answers 200 hello, not 204"
        )


def test_the_pid_is_that_of_the_process_behind_a_wrapper(make_app: MakeApp) -> None:
    with make_app(env={"WORKER": "1"}) as app:
        state = app.state()
        assert app.pid != state.pid
        assert psutil.Process(app.pid).ppid() == state.pid


def test_the_pid_is_that_of_the_command(make_app: MakeApp) -> None:
    with make_app() as app:
        assert app.pid == app.state().pid
        assert psutil.Process(app.pid).cmdline()[0] == sys.executable
    assert app.pid is None


def test_a_target_comes_back_on_its_port_as_a_new_process(make_app: MakeApp) -> None:
    with make_app() as app:
        before = (app.url, app.fault_url, app.token)
        pid = app.pid
        app.restart()
        assert (app.url, app.fault_url, app.token) == before
        assert app.pid != pid
        app.kill()
        assert str(app.state()) == "stopped with signal 9"
        app.start()
        assert body(app) == "hello"
    assert bound_port(app.port) is not None


def test_every_request_for_its_health_is_reported(make_app: MakeApp) -> None:
    sent: list[SentRequest] = []
    with make_app(env={"UNHEALTHY": "2"}, sent=sent.append) as app:
        assert [(request.method, request.path, request.status) for request in sent] == [
            ("GET", "/health", 503),
            ("GET", "/health", 503),
            ("GET", "/health", 200),
        ]
        assert all(request.started <= request.ended for request in sent)
        assert app.state().status is Status.RUNNING


def test_the_given_health_path_is_asked(make_app: MakeApp) -> None:
    sent: list[SentRequest] = []
    with make_app(health="/ready", env={"UNHEALTHY": "1000000"}, sent=sent.append):
        assert sent[0].path == "/ready"


def test_a_target_that_never_becomes_healthy_is_given_up_with_its_log(make_app: MakeApp) -> None:
    app = make_app(env={"UNHEALTHY": "1000000"}, ready_seconds=6)
    with pytest.raises(
        EvidenceError, match=r"running, but not healthy after 6 s: .*/health answers 503"
    ) as caught:
        app.start()
    assert '"GET /health HTTP/1.1" 503' in caught.value.log[-1]
    assert app.state().status is Status.STOPPED


def test_a_target_that_ends_at_once_shows_its_log(make_app: MakeApp) -> None:
    app = make_app(env={"FAIL": "PORT: 'x' is no number"})
    with pytest.raises(EvidenceError, match="died with exit status 1 before it was healthy") as caught:
        app.start()
    assert caught.value.log == ("PORT: 'x' is no number",)
    assert str(app.log) in caught.value.todo


def test_only_the_log_of_the_last_start_is_shown(make_app: MakeApp, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = f"if [ -e {flag} ]; then echo second; else touch {flag}; echo first; fi; exit 1"
    app = make_app(f'sh -c "{script}"')
    for line in ("first", "second"):
        with pytest.raises(EvidenceError) as caught:
            app.start()
        assert caught.value.log == (line,)


def test_a_target_that_dies_later_is_reported_with_its_log(make_app: MakeApp) -> None:
    with make_app() as app:
        app.raise_if_dead()
        psutil.Process(app.pid).kill()
        wait_until(lambda: "it runs" if app.state().status is Status.RUNNING else "", SECONDS)
        with pytest.raises(EvidenceError, match="target: died with signal 9") as caught:
            app.raise_if_dead()
        assert "listening" in caught.value.log


def test_a_port_that_was_taken_in_between_is_replaced(make_app: MakeApp) -> None:
    with socket.create_server(("127.0.0.1", allocate_ports(1)[0])) as other:
        offers = [[other.getsockname()[1], allocate_ports(1)[0]], allocate_ports(2)]
        with make_app(allocate=lambda count: offers.pop(0)) as app:
            assert app.port != other.getsockname()[1]
            assert body(app) == "hello"


def test_a_stranger_who_answers_on_its_port_is_not_taken_for_the_target(
    make_app: MakeApp, tmp_path: Path
) -> None:
    with make_app() as stranger:
        offers = [[stranger.port, allocate_ports(1)[0]], allocate_ports(2)]
        sent: list[SentRequest] = []
        with make_app(allocate=lambda count: offers.pop(0), sent=sent.append, name="second") as app:
            assert app.port != stranger.port
            assert [request.status for request in sent] == [200]
            log = stranger.log.read_text(encoding="utf-8")
        assert log.count("GET /health") == 1


def test_a_request_that_a_stranger_answered_is_not_counted(
    make_app: MakeApp, server: Path, tmp_path: Path
) -> None:
    """The other one takes the port after it was found free; the target's program tells so only later."""
    port, *others = allocate_ports(4)
    taken = tmp_path / "taken"
    script = (
        f"if [ -e {taken} ]; then exec {{python}} {server} {{port}}; fi; touch {taken}; "
        f"UNHEALTHY=1000000 timeout 2 {{python}} {server} {{port}}; "
        f"echo 'bind: address already in use'; exit 1"
    )
    offers = [[port, others[0]], others[1:]]
    sent: list[SentRequest] = []
    with make_app(f'sh -c "{script}"', allocate=lambda count: offers.pop(0), sent=sent.append) as app:
        assert app.port == others[1]
        assert [request.status for request in sent] == [200]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("server --port 8080", "does not say where its port goes"),
        ("server --port ${PORT}", "does not say where its port goes"),
        ("server {prt}", "nothing is filled in for {prt}; did you mean {port}?"),
        ("server {port} {PYTHON}", "nothing is filled in for {PYTHON}; did you mean {python}?"),
    ],
)
def test_a_command_that_is_not_told_its_port_is_refused_before_it_is_waited_for(
    command: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        need_port(command)
    assert said in caught.value.what


@pytest.mark.parametrize(
    "command", ["server {port}", "env PORT={port} server", 'server {port} --set {"port":1} {unit} ${PRT}']
)
def test_a_command_that_is_told_its_port_is_taken(command: str) -> None:
    need_port(command)
    need_port("server", [command])


@pytest.mark.parametrize("command", ["", "   ", "server 'unclosed"])
def test_a_command_that_is_none_is_an_input_error(make_app: MakeApp, command: str) -> None:
    with pytest.raises(InputError) as caught:
        make_app(command)
    assert caught.value.where == "--app"


def test_a_command_goes_through_no_shell(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(f"no-such-program > {tmp_path / 'file'}")
    with pytest.raises(EvidenceError, match="exit status 127") as caught:
        app.start()
    assert "cannot start no-such-program: No such file or directory" in caught.value.log
    assert not (tmp_path / "file").exists()
