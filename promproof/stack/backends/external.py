"""A stack that runs already, by URL: nothing is started, and nothing but the ledger's own traffic is sent."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from promproof.errors import InputError
from promproof.stack.backend import Site, WantedApp, WantedStack
from promproof.stack.choice import BACKENDS, Kind, Wish
from promproof.stack.external import ExternalStack
from promproof.stack.protocol import App, Endpoints, Say, Stack

NAME = "external"


class External:
    """The backend for these URLs."""

    name = NAME
    since = "--prometheus names one that runs"
    readers = False
    local = False

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def open(self, site: Site) -> AbstractContextManager[None]:
        return nullcontext()

    def app(self, wanted: WantedApp) -> App | None:
        return None

    def gateway(self) -> str | None:
        return None

    def stack(self, wanted: WantedStack) -> Stack:
        return ExternalStack(self._endpoints)


def refusal(wish: Wish) -> InputError | None:
    """Why a running stack does not go with the other options."""
    if wish.running is None:
        return InputError(
            what="--stack external needs --prometheus",
            where="command line",
            expected="--prometheus URL",
            todo="add the URL",
        )
    if not wish.target_runs:
        return InputError(
            what="--prometheus needs --target: a running Prometheus scrapes a running target",
            where="command line",
            expected="--target URL",
            todo="add the URL of the target",
        )
    return None


def make(wish: Wish, say: Say) -> External:
    """The backend."""
    assert wish.running is not None  # see refusal
    return External(wish.running)


BACKENDS.add(NAME, Kind(NAME, 0, frozenset(), refusal, make))
