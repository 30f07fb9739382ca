"""signal: a signal to a process of somebody else's target, and the one that undoes it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Literal

import psutil
from pydantic import Field, model_validator

from promproof.config import usertext
from promproof.config.usertext import Mistake
from promproof.errors import EvidenceError, InputError
from promproof.faults.kind import Fault, register
from promproof.faults.site import Site
from promproof.faults.undo import SendSignal
from promproof.stack.journal import start_time


@register
class SignalFault(Fault):
    """The process listens on a loopback port, or is named in a pid file."""

    kind: Literal["signal"]
    port: int | None = Field(default=None, ge=1, le=65535)
    pid_file: str | None = None
    apply: Literal["STOP", "USR1", "USR2", "HUP"]
    undo: Literal["CONT", "USR1", "USR2", "HUP"]

    @model_validator(mode="after")
    def _one(self) -> SignalFault:
        if (self.port is None) == (self.pid_file is None):
            raise ValueError("name the process by port or by pid_file, one of them")
        return self

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Send the signal; the process must be the same one when it is undone."""
        pid = self.process()
        started = start_time(pid)
        if started is None:
            raise EvidenceError("fault", f"process {pid} is gone", (), "look whether the target is up")
        site.write(drill, SendSignal(pid=pid, started=started, number=self.undo))
        os.kill(pid, signal.Signals[f"SIG{self.apply}"])

    def process(self) -> int:
        """The process that is named.

        Raises:
            InputError: there is none, or it may not be seen.
        """
        if self.pid_file is not None:
            try:
                return int(usertext.read(Path(self.pid_file)).strip())
            except (Mistake, ValueError) as error:
                raise InputError(
                    what=f"no pid can be read: {error}",
                    where=self.pid_file,
                    expected="a file with one number",
                ) from error
        for connection in psutil.net_connections(kind="tcp"):
            place = connection.laddr
            if connection.status != psutil.CONN_LISTEN or not place or connection.pid is None:
                continue
            if place[1] == self.port:
                return int(connection.pid)
        raise InputError(
            what=f"nobody listens on port {self.port}",
            where="fault.port",
            expected="the port of a running process",
        )
