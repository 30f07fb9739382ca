"""Free ports, and waiting."""

import random
import socket
from pathlib import Path

import pytest

from promproof.errors import EvidenceError
from promproof.stack.ports import allocate_ports, bound_port, preferring
from promproof.stack.waiting import unmet_http, wait_until

pytestmark = pytest.mark.unit


def test_each_port_is_handed_out_once_and_is_free() -> None:
    ports = allocate_ports(50)
    assert len(set(ports)) == 50
    for port in ports[:5]:
        with socket.create_server(("127.0.0.1", port)):
            assert bound_port(port) is None


def test_a_port_in_use_is_not_handed_out() -> None:
    with socket.create_server(("127.0.0.1", allocate_ports(1, random.Random(1))[0])) as taken:
        assert allocate_ports(1, random.Random(1))[0] != taken.getsockname()[1]


def test_a_port_that_was_given_and_is_not_used_yet_is_not_given_again() -> None:
    first = allocate_ports(1, random.Random(2))
    assert set(first).isdisjoint(allocate_ports(1, random.Random(2)))


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    kernel = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not kernel.exists():
        pytest.skip("needs the range of ephemeral ports: the kernel does not tell it")
    lowest = int(kernel.read_text().split()[0])
    if lowest <= 10_000:
        pytest.skip(
            f"needs a port below the ephemeral ones: their range begins at {lowest}: there is nothing below it"
        )
    assert max(allocate_ports(50)) < lowest


class Clock:
    """Time that passes only while somebody waits."""

    now = 0.0

    def read(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_condition_that_holds_late_is_waited_for() -> None:
    clock = Clock()
    wait_until(lambda: "" if clock.now > 3 else "too early", 4, clock=clock.read, pause=clock.pause)
    assert 3 < clock.now < 4


def test_a_time_out_says_what_was_seen_last() -> None:
    clock = Clock()
    with pytest.raises(TimeoutError, match=r"after 2 s: step 1$"):
        wait_until(lambda: f"step {int(clock.now / 1.5)}", 2, clock=clock.read, pause=clock.pause)


def test_a_condition_is_asked_once_without_any_time() -> None:
    clock = Clock()
    wait_until(lambda: "", 0, clock=clock.read, pause=clock.pause)
    assert clock.now == 0


def test_a_closed_port_is_told_as_such() -> None:
    port = allocate_ports(1)[0]
    assert unmet_http(f"http://127.0.0.1:{port}/") == f"http://127.0.0.1:{port}/ takes no connections"


def test_an_error_of_a_component_reads_as_a_few_lines() -> None:
    error = EvidenceError("prometheus", "died with exit status 1", ["one", "two"], "correct the file")
    assert str(error) == (
        "prometheus: died with exit status 1\n  last log lines:\n    one\n    two\n  to do: correct the file"
    )
    assert error.exit_status == 2
    assert str(EvidenceError("x", "gone")) == "x: gone\n  last log lines: none, nothing was logged"


def test_usual_ports_are_given_where_they_are_free_and_each_is_given_once() -> None:
    with socket.socket() as first, socket.socket() as taken:
        for held in (first, taken):
            held.bind(("127.0.0.1", 0))
        free, used = first.getsockname()[1], taken.getsockname()[1]
        taken.listen()
        first.close()
        allocate = preferring(free, used)
        given = allocate(3)
        assert given[0] == free
        assert used not in given
        assert len(set(given)) == 3
        assert free not in allocate(1)
