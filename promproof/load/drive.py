"""What drives the arrivals of a load model: a function registered under the model's name, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from promproof.load.ground import Ground
from promproof.load.play import Player
from promproof.registry import Registry

Drive = Callable[[Ground, Player, Any], None]
"""Starts the sessions of this process, from `ground.progress.began` on; the third is the scenario's `arrival`."""
DRIVERS: Registry[Drive] = Registry("load model", "promproof.load.arrival")


def driver(model: str) -> Callable[[Drive], Drive]:
    """Have arrivals of this model driven by a function: a decorator."""

    def add(drive: Drive) -> Drive:
        return DRIVERS.add(model, drive)

    return add
