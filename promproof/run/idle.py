"""What Node Exporter reads in a run whose own work must not fire an alert: a proc folder of a machine at rest."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from promproof.faults.procfs import ProcFolder
from promproof.run.frame import Ground
from promproof.run.options import wish_of
from promproof.stack.choice import Can, abilities
from promproof.stack.journal import Journal

MEMORY = Path("/dev/shm")


def idle_machine(ground: Ground, cleanup: ExitStack, cpus: int = 2) -> ProcFolder | None:
    """The folder, written until the cleanup; None where the exporter can't be given one."""
    prepared = ground.prepared
    if Can.PROCFS not in abilities(wish_of(prepared.options, prepared.contract.deployment)):
        return None
    journal = cleanup.enter_context(Journal())
    # memory where there is some: a disk that others are busy on can hold up a rename for most of a second
    base = MEMORY if os.access(MEMORY, os.W_OK) else ground.folder
    folder = journal.directory(base / f"proc-{journal.run}")
    cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
    proc = ProcFolder(folder, cpus, ground.history.now)
    cleanup.callback(proc.close)
    return proc
