"""The one HTTP session of the harness: straight to its address, answered within a time, no larger than a bound.

requests' time-out holds for each read of the socket, so a server that trickles a byte a second holds its client for
ever; and its environment (HTTP_PROXY, .netrc) would send questions about this machine to another one. Here the time
is that of the whole answer, and the environment is not read. Every caller uses this class; a test reads the imports.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 64 * 1024 * 1024
"""Of one answer, decoded: a hundred times the exposition or query result of a large service."""
RETRY = Retry(total=3, read=1, backoff_factor=0.1, status_forcelist=(502, 503, 504), allowed_methods=("GET",))
"""For questions, which may be repeated without changing anything: a refused connection is tried again, a wrong query
is not, and a server that is silent once more is not asked a third time."""
_CHUNK = 65536
SHOWN_CHARACTERS = 100


@dataclass(frozen=True)
class Access:
    """With what a server lets this program in. headers: sent with each question; ca: file of certificates to trust."""

    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str | None = None


_LET_IN: dict[str, Access] = {}
_STARTED: list[Access] = []
"""What a target that is started here is shown: its URL is not known before."""
_VARIABLE = "PROMPROOF_ACCESS"


def let_in(base: str, access: Access | None) -> None:
    """From now on every session shows this to all URLs below a base URL; None: nothing more."""
    if access is None:
        _LET_IN.pop(base.rstrip("/"), None)
    else:
        _LET_IN[base.rstrip("/")] = access


def let_in_started(access: Access | None) -> None:
    """From now on every session shows this to a target that is started here, wherever its ports are."""
    if access is None:
        _STARTED.clear()
    else:
        _STARTED[:] = [access]


def show_started(*bases: str) -> None:
    """Say where a target is that is started here."""
    for base in bases if _STARTED else ():
        let_in(base, _STARTED[0])


def started_access() -> Access:
    """What a target that is started here is shown."""
    return _STARTED[0] if _STARTED else Access()


def access_of(url: str) -> Access:
    """What a URL is shown: that of the longest base that it lies below."""
    below = [base for base in _LET_IN if url == base or url.startswith((f"{base}/", f"{base}?"))]
    return _LET_IN[max(below, key=len)] if below else Access()


def handed_on() -> dict[str, str]:
    """The variable that tells another process of this program what to show to whom; nothing where that is nothing."""
    told = {base: {"headers": dict(access.headers), "ca": access.ca} for base, access in _LET_IN.items()}
    return {_VARIABLE: json.dumps(told)} if told else {}


def take_over() -> None:
    """Show what the process before this one was told; the variable is gone then, and no child of this one has it."""
    for base, access in json.loads(os.environ.pop(_VARIABLE, "{}")).items():
        let_in(base, Access(access["headers"], access["ca"]))


class TooLarge(requests.RequestException):
    """An answer that goes on beyond the session's bound."""


class Session(requests.Session):
    """Asks without a proxy. timeout: seconds for connecting, and then for the whole answer, body included.

    Every question may raise requests.RequestException: ReadTimeout for an answer that was not whole in time, TooLarge
    for one of more than `most_bytes`.
    """

    def __init__(
        self, timeout: float = TIMEOUT_SECONDS, *, retry: Retry | None = None, most_bytes: int = MOST_BYTES
    ) -> None:
        super().__init__()
        self.trust_env = False
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._adapter = _Adapter(max_retries=Retry(0, read=False) if retry is None else retry)

    def request(
        self, method: str | bytes, url: str | bytes, *given: Any, **options: Any
    ) -> requests.Response:
        """As requests' own; the answer's body has been read when this returns."""
        if options.get("timeout") is None:
            options["timeout"] = self._timeout
        options["stream"] = True
        access = access_of(str(url))
        if access.headers:
            options["headers"] = {**access.headers, **(options.get("headers") or {})}
        if (
            access.ca is not None and options.get("verify", True) is True
        ):  # some callers say the usual outright
            options["verify"] = access.ca
        answer = super().request(method, url, *given, **options)
        try:
            self._read(answer)
        except requests.ConnectionError as error:
            if "timed out" in str(error):  # requests gives a time-out within the body that name
                raise requests.ReadTimeout(
                    f"no whole answer within {options['timeout']:g} s", request=answer.request
                ) from error
            raise
        finally:
            answer.close()
        return answer

    def get_adapter(self, url: str | bytes) -> HTTPAdapter:
        """Always its own: prometheus-api-client mounts one that knows no end and asks again after a 500."""
        return self._adapter

    def close(self) -> None:
        self._adapter.close()
        super().close()

    def _read(self, answer: requests.Response) -> None:
        parts, size = [], 0
        for part in answer.iter_content(_CHUNK):
            size += len(part)
            if size > self._most_bytes:
                raise TooLarge(f"an answer of more than {self._most_bytes} bytes", response=answer)
            parts.append(part)
        answer._content = b"".join(parts)


def json_of(answer: requests.Response) -> Any:
    """The JSON value of an answer.

    Raises:
        ValueError: it is none; with the status and the beginning of what came.
    """
    try:
        return answer.json()
    except ValueError as error:
        raise ValueError(f"answers {answer.status_code} and no JSON: {shown(answer.text)}") from error


def shown(value: object) -> str:
    """The beginning of an unexpected answer, on one line."""
    text = " ".join(str(value).split())
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "...")


_SAID = (
    (
        requests.exceptions.SSLError,
        r"certificate verify failed: ([^()]+?) \(",
        "its certificate is not trusted: {}",
    ),
    (requests.exceptions.SSLError, r"\[SSL: \w+\] ([^()]+?) \(", "no TLS is spoken with it: {}"),
    (requests.ConnectTimeout, "", "no connection in time"),
    (requests.ReadTimeout, r"read timeout=([\d.]+)", "no answer within {} s"),
    (requests.ReadTimeout, r"^(no whole answer within .*)", "{}"),
    (requests.ReadTimeout, "", "no answer in time"),
    (requests.ConnectionError, r"\[Errno -?\d+\] ([^'\"()\[\]]+)", "{}"),
    (requests.ConnectionError, r"Connection aborted.*Error\(\d+, '([^']+)'", "{}"),
    (
        requests.ConnectionError,
        r"Remote(?:Disconnected| end closed)",
        "it ended the connection without an answer",
    ),
)
"""By kind and text of an error, what is said of it; the first that fits."""


def reason(error: Exception) -> str:
    """Why there is no usable answer, in the system's words; the libraries wrap these in names of their own."""
    text = " ".join(str(error).split())
    for kind, pattern, said in _SAID:
        found = re.search(pattern, text) if isinstance(error, kind) else None
        if found is not None:
            return said.format(*(group.strip().lower() for group in found.groups()))
    return text


class _Timed(io.RawIOBase):
    """The reading side of a socket until a deadline (time.monotonic) that holds for all reads together."""

    def __init__(self, sock: Any, raw: Any, deadline: float | None) -> None:
        self._sock, self._raw, self._deadline = sock, raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return int(self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """A connected socket, plain or TLS, of which http.client reads answers as of the socket itself."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, mode: str, *_: Any, **__: Any) -> io.BufferedReader:
        timeout = self._sock.gettimeout()
        deadline = None if timeout is None else time.monotonic() + timeout
        return io.BufferedReader(_Timed(self._sock, self._sock.makefile(mode, buffering=0), deadline), _CHUNK)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock: Any = _Socket(self.sock)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock: Any = _Socket(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def __str__(self) -> str:  # it leads urllib3's messages
        return f"{self.host}:{self.port}"


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _Adapter(HTTPAdapter):
    """requests' adapter with the connections of this module."""

    def init_poolmanager(self, *given: Any, **options: Any) -> None:
        super().init_poolmanager(*given, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
