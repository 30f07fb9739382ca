"""What a target is to a run, wherever it runs: its ports, its token and its environment."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from promproof.stack.ports import HOST
from promproof.stack.protocol import SentRequest


class Target:
    """A target that the harness starts and stops; its ports and token stay the same when it is started again.

    workdir: a folder of its own. env: its environment, texts with placeholders. health: the path that answers one of
    `healthy` when it is ready, within ready_seconds. sent: is told every request that was sent for that. ports: its
    port on this machine, and that of its fault control.
    """

    def __init__(
        self,
        workdir: Path,
        ports: list[int],
        env: Mapping[str, str] | None,
        health: str,
        ready_seconds: float,
        sent: Callable[[SentRequest], None],
        healthy: Sequence[int] = (200,),
    ) -> None:
        self._workdir = workdir.absolute()
        self._env = dict(env or {})
        self._health = health
        self._healthy = healthy
        self._ready_seconds = ready_seconds
        self._sent = sent
        self.token = secrets.token_hex(16)
        self.port, self.fault_port = ports

    @property
    def url(self) -> str:
        """The base URL on this machine, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def metrics_base(self) -> str:
        """The URL below which this machine reads its metrics, without a slash at the end."""
        return self.url

    @property
    def fault_url(self) -> str:
        """The URL of its fault control."""
        return f"http://{HOST}:{self.fault_port}"

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it in an orderly way and wait until it is gone."""
        raise NotImplementedError

    def restart(self, env: Mapping[str, str] | None = None) -> None:
        """Stop it and start it again on the same port. env: what is otherwise in its environment this time."""
        kept = self._env
        self._env = {**kept, **(env or {})}
        try:
            self.stop()
            self.start()
        finally:
            self._env = kept

    def __enter__(self) -> Self:
        self.start()
        return self

    def _values(self) -> dict[str, str]:
        """What each placeholder stands for."""
        return {"workdir": str(self._workdir), "token": self.token}

    def _filled(self, text: str) -> str:
        for name, value in self._values().items():
            text = text.replace(f"{{{name}}}", value)
        return text
