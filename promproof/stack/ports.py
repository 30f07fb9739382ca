"""Free ports on the loopback address, below the range that the kernel uses for outgoing connections.

A component that is stopped and started again finds its port taken if a connection of the load generator was
given it in the meantime; that happens within the range, never below it.
"""

import random
import socket
from collections.abc import Callable
from pathlib import Path

HOST = "127.0.0.1"
_LOWEST = 10_000
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 1000
_given: set[int] = set()
"""Many targets of one run have their ports long before they listen: free now is not enough."""


def allocate_ports(count: int, source: random.Random | None = None) -> list[int]:
    """Different TCP ports on 127.0.0.1 that are free now, none of which this process was given before.

    Nothing keeps them free from other programs until a component listens: whoever starts one tries again with other
    ports when its own was taken meanwhile.

    Raises:
        OSError: no free ports were found.
    """
    source = source or random.SystemRandom()
    highest = _kernel_range_start() - 1
    ports: list[int] = []
    for _ in range(_ATTEMPTS):
        if len(ports) == count:
            return ports
        port = source.randint(_LOWEST, highest) if highest > _LOWEST else 0
        free = bound_port(port)
        if free is not None and free not in _given:
            _given.add(free)
            ports.append(free)
    raise OSError(f"no {count} free ports were found on {HOST}")


def preferring(*wanted: int) -> Callable[[int], list[int]]:
    """An allocation that gives these ports, in this order, where they are free, and any free one in place of the rest.

    A port is given once: whoever found it taken meanwhile gets another one.
    """

    def allocate(count: int) -> list[int]:
        ports = []
        for place in range(count):
            port = wanted[place] if place < len(wanted) else None
            if port is None or port in _given or bound_port(port) is None:
                [port] = allocate_ports(1)
            _given.add(port)
            ports.append(port)
        return ports

    return allocate


def bound_port(port: int) -> int | None:
    """The port, if it can be bound on 127.0.0.1 now, else None; for 0 one that the kernel chooses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As servers do: connections of the past that linger in TIME_WAIT are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return None
        return int(listener.getsockname()[1])


def _kernel_range_start() -> int:
    try:
        return int(_KERNEL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _LOWEST
