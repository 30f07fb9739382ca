"""What passes between a session and an HTTP client: a call, and what became of it.

The endings say what the target can have counted; a client that only knows "error" cannot keep a truthful
ledger.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

CHUNKED = "Transfer-Encoding"
"""The header of a body in chunks."""
Leave = Literal["after-send", "mid-stream", "half-header", "half-body"]


class Ending(Enum):
    """How a call ended for the client."""

    ANSWERED = "answered"
    """the whole response came"""
    BROKEN = "broken off"
    """a status came, and the rest did not"""
    LOST = "lost"
    """nothing came back, and the target may have got the request"""
    UNSENT = "not sent"
    """the target cannot have got the whole request"""
    LEFT = "left"
    """the client disconnected on purpose, after it had sent what it meant to send"""


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready to be sent. path holds the query; name groups requests in Locust's statistics.

    body_after: seconds between the target's wish for the body and its sending; 0: both are sent at once.
    http: the version that the request speaks. A body whose headers say chunked is sent in chunks.
    """

    method: str
    path: str
    name: str
    headers: dict[str, str]
    body: bytes | None
    body_after: float = 0.0
    http: str = "1.1"


def _unreported(failure: str | None) -> None:
    """For calls that nobody else counts."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a call. status is 0 when none came; detail is the error in words.

    own_failure: this machine could not send it, the target had no part in it.
    asked: the target asked for a body that was to wait for that, so that it certainly had the request since then.
    report: to be called once, with the reason when it was not what the scenario expects.
    """

    ending: Ending
    status: int = 0
    body: bytes = b""
    detail: str = ""
    report: Callable[[str | None], None] = _unreported
    own_failure: bool = False
    asked: bool = False


class Wire(Protocol):
    """An HTTP client that sends each request at most once, and follows no redirect."""

    def send(self, call: Call) -> Reply: ...

    def leave(self, call: Call, how: Leave) -> Reply: ...


def decoded(body: bytes, encoding: str | None) -> bytes:
    """A body as it was before it was compressed; a server may compress although nobody has asked for it.

    Raises:
        zlib.error: it is not compressed as its encoding says.
    """
    match encoding.lower() if encoding else "":
        case "gzip":
            return zlib.decompress(body, zlib.MAX_WBITS | 16)
        case "deflate":
            try:
                return zlib.decompress(body)
            except zlib.error:  # as some servers understand the word: without a header
                return zlib.decompress(body, -zlib.MAX_WBITS)
        case _:
            return body
