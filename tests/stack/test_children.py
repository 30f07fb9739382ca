"""Child processes: they end when asked, in three steps if need be, with all that they have started."""

import signal
import sys
import threading
from pathlib import Path

import pytest

from promproof.stack.children import Child, Patience, log_tail, run_to_end, start_child, stop_all
from promproof.stack.journal import Journal, start_time
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack

SECONDS = 60.0
SHORT = Patience(interrupt=0.1, terminate=0.1, kill=10.0)


def python(code: str, tmp_path: Path, name: str = "child", **options: str) -> Child:
    return start_child([sys.executable, "-c", code], name=name, log=tmp_path / f"{name}.log", env=options)


def wait_for_log(child: Child, text: str) -> None:
    wait_until(
        lambda: "" if text in "\n".join(log_tail(child.log)) else f"{text} is not in {child.log}", SECONDS
    )


SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; " + SLEEP


def test_a_child_that_ends_at_the_interrupt_is_not_killed(tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(2, lambda *a: sys.exit(7)); " + SLEEP
    child = python(code, tmp_path)
    wait_for_log(child, "up")
    child.stop(Patience(interrupt=SECONDS))
    assert child.exit_status() == 7


def test_a_child_that_ignores_the_interrupt_is_terminated(tmp_path: Path) -> None:
    child = python("import signal; signal.signal(2, signal.SIG_IGN); " + SLEEP, tmp_path)
    wait_for_log(child, "up")
    child.stop(Patience(interrupt=0.1, terminate=SECONDS))
    assert child.exit_status() == -signal.SIGTERM


def test_a_child_that_ignores_both_signals_is_killed(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path)
    wait_for_log(child, "up")
    child.stop(SHORT)
    assert child.exit_status() == -signal.SIGKILL


def test_a_process_that_a_child_has_started_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); "
        "print(f'pid {p.pid} up', flush=True); p.wait()"
    )
    child = python(code, tmp_path)
    wait_for_log(child, "up")
    grandchild = int(log_tail(child.log)[0].split()[1])
    child.stop(SHORT)
    wait_until(lambda: "" if start_time(grandchild) is None else "it runs", SECONDS)


def test_children_are_ended_all_at_once(tmp_path: Path) -> None:
    # Each waits for the word of the other before it ends: stopped in turn, the first would have to be killed.
    code = (
        "import os, signal, sys, time\n"
        "mine, other = sys.argv[1:]\n"
        "def end(*a):\n"
        "    open(mine, 'w').close()\n"
        "    while not os.path.exists(other): time.sleep(0.01)\n"
        "    sys.exit(5)\n"
        "signal.signal(2, end)\n" + SLEEP
    )
    words = [str(tmp_path / "a"), str(tmp_path / "b")]
    children = [
        start_child([sys.executable, "-c", code, *pair], name=pair[0], log=tmp_path / f"{n}.log")
        for n, pair in enumerate((words, words[::-1]))
    ]
    for child in children:
        wait_for_log(child, "up")
    stop_all(children, Patience(interrupt=SECONDS))
    assert [child.exit_status() for child in children] == [5, 5]


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    answer = "import signal; signal.signal(10, lambda *a: print('alive', flush=True)); "
    sleep = "print('up', flush=True)\nwhile True: signal.pause()"
    started: list[Child] = []
    threads: list[int] = []

    def ask() -> None:
        threads.append(threading.get_native_id())
        started.append(python(answer + sleep, tmp_path))
        wait_for_log(started[0], "up")  # the kernel has been told by then whose end it is to follow

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    task = Path(f"/proc/self/task/{threads[0]}")
    wait_until(lambda: "the thread runs" if task.exists() else "", SECONDS)
    (child,) = started
    child.send_signal(signal.SIGUSR1)
    wait_until(lambda: "" if "alive" in log_tail(child.log) or not child.is_running() else "silent", SECONDS)
    assert child.is_running()
    child.kill()


def test_a_child_inherits_no_ignored_interrupt(tmp_path: Path) -> None:
    # As a harness has it that was started with nohup or in the background of a script.
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = start_child(["sleep", "600"], name="sleep", log=tmp_path / "log")
        wait_until(
            lambda: "" if Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n" else "the launcher",
            SECONDS,
        )
        child.stop(Patience(interrupt=SECONDS))
    finally:
        signal.signal(signal.SIGINT, former)
    assert child.exit_status() == -signal.SIGINT


def test_no_child_runs_before_the_journal_has_it(tmp_path: Path) -> None:
    class BrokenJournal(Journal):
        def process_started(self, name: str, pid: int, command: list[str]) -> None:
            pids.append(pid)
            raise OSError("no space left")

    pids: list[int] = []
    with BrokenJournal(tmp_path / "runs") as journal, pytest.raises(OSError, match="no space"):
        start_child(["touch", str(tmp_path / "ran")], name="touch", log=tmp_path / "log", journal=journal)
    assert start_time(pids[0]) is None
    assert not (tmp_path / "ran").exists()


def test_a_command_that_is_not_there_ends_with_127_and_its_reason(tmp_path: Path) -> None:
    child = start_child(["no-such-program"], name="x", log=tmp_path / "log")
    wait_until(lambda: "it runs" if child.is_running() else "", SECONDS)
    assert child.exit_status() == 127
    assert log_tail(child.log) == ["cannot start no-such-program: No such file or directory"]
    child.stop()


def test_a_command_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="sleep has not ended"):
        run_to_end(["sleep", "600"], log=tmp_path / "log", seconds=0.1)


def test_output_and_status_of_a_command_are_returned(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    done = run_to_end(command, log=tmp_path / "log", seconds=SECONDS)
    assert (done.exit_status, done.output) == (3, "out\nerr\n")


def test_a_listener_below_a_wrapper_is_found(tmp_path: Path, server: Path) -> None:
    (port,) = allocate_ports(1)
    command = [sys.executable, str(server), str(port)]
    child = start_child(command, name="server", log=tmp_path / "log", env={"WORKER": "1"})
    assert child.pid_listening_on(port) is None or child.pid_listening_on(port) != child.pid
    wait_until(lambda: "" if child.pid_listening_on(port) else "nobody listens", SECONDS)
    assert child.pid_listening_on(port) != child.pid
    assert child.pid_listening_on(1) is None
    child.kill()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert log_tail(log) == []
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert log_tail(log, 2) == ["line 99998", "line 99999"]
    assert log_tail(log, 2, start=log.stat().st_size) == []
