"""A stack that is running already, given by URL: nothing is started, stopped or reloaded.

What it can't do is refused as a wrong choice: a drill that stops a component needs a stack of its own.
"""

from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Self

from promproof.errors import InputError
from promproof.render.monitoring import Rendered
from promproof.stack.protocol import READY_PATHS, ComponentState, Deployed, Endpoints, Status
from promproof.stack.waiting import unmet_http, wait_until


class ExternalStack:
    """The external backend. Entering it asks each component once whether it is ready.

    Raises:
        InputError: a component does not answer at its URL, or something was asked that only the owner can do.
    """

    def __init__(self, endpoints: Endpoints, ready_seconds: float = 5.0) -> None:
        self._endpoints = endpoints
        self._ready_seconds = ready_seconds

    @property
    def endpoints(self) -> Endpoints:
        return self._endpoints

    @property
    def inner(self) -> Endpoints:
        return self._endpoints

    @property
    def rendered(self) -> Rendered | None:
        return None

    @property
    def deployed(self) -> Deployed | None:
        return None

    def pid(self, name: str) -> int | None:
        return None

    def states(self) -> Mapping[str, ComponentState]:
        return {name: ComponentState(name, Status.FOREIGN) for name in self._urls()}

    def raise_if_dead(self) -> None:
        """Nothing is known of the processes; the observers see whether they answer."""

    def log_tail(self, name: str, lines: int = 20) -> list[str]:
        return []

    def stop(self, name: str) -> None:
        raise self._refusal(f"{name} can't be stopped")

    def kill(self, name: str) -> None:
        raise self._refusal(f"{name} can't be killed")

    def leave(self) -> None:
        """Nothing was started."""

    def start(self, name: str) -> None:
        raise self._refusal(f"{name} can't be started")

    def reload(self, name: str) -> None:
        raise self._refusal(f"{name} can't be reloaded")

    def __enter__(self) -> Self:
        for name, url in self._urls().items():
            ready = url + READY_PATHS[name]
            try:
                wait_until(partial(unmet_http, ready), self._ready_seconds)
            except TimeoutError as error:
                raise InputError(
                    what=f"{name} is not ready {error}",
                    where=url,
                    expected="the URL of a component that runs",
                ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was started."""

    def _urls(self) -> dict[str, str]:
        return {name: url for name in READY_PATHS if (url := getattr(self._endpoints, name)) is not None}

    def _refusal(self, what: str) -> InputError:
        return InputError(
            what=what,
            where="--stack external",
            expected="a stack that the harness started",
            todo="leave it out, or use --stack processes",
        )
