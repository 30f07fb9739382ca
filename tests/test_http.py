"""The one HTTP session: no proxy, an end in time, a bound; and nobody asks past it."""

from __future__ import annotations

import ast
import gzip
import re
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from promproof.contract.model import load
from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.sums import merge
from promproof.faults import undo
from promproof.faults.port import FaultPort
from promproof.faults.undo import HttpCall, UndoBook
from promproof.http import Session, TooLarge, reason
from promproof.load.ledger import Ledger
from promproof.observe import recording
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.grafana import Grafana
from promproof.observe.node import NodeReader
from promproof.observe.prometheus import Prometheus
from promproof.observe.readings import Readings
from promproof.places import DEFAULT_CONTRACT, REPOSITORY
from promproof.run.clock import SystemClock
from promproof.run.sender import Sender
from promproof.stack.app import ask_health
from promproof.stack.waiting import unmet_http
from tests.observe import servers

pytestmark = pytest.mark.unit

HEAD = b"HTTP/1.1 200 OK\r\n"
BAD_ANSWERS = {
    "nothing": (servers.silent, requests.ReadTimeout),
    "trickled headers": (servers.trickled(HEAD, b"X: y\r\n"), requests.ReadTimeout),
    "a trickled body": (
        servers.trickled(HEAD + b"Content-Length: 99999\r\n\r\n", b"x"),
        requests.ReadTimeout,
    ),
    "trickled chunks": (
        servers.trickled(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        requests.ReadTimeout,
    ),
    "too much": (servers.answer("x" * 2000), TooLarge),
    "too much, packed": (servers.answer(gzip.compress(b"x" * 2000), 200, "Content-Encoding: gzip"), TooLarge),
}


REFUSED = "127.0.0.1:1: Max retries exceeded with url: /x (Caused by NewConnectionError('Failed: [Errno 111] Refused'))"
UNTRUSTED = (
    "SSLCertVerificationError(1, '[SSL: X] certificate verify failed: self-signed certificate (_ssl.c:1)')"
)
NO_TLS = "SSLError(SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)'))"
ENDED = "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"
RESET = "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError(REFUSED), "refused"),
        (requests.ConnectionError(ENDED), "it ended the connection without an answer"),
        (requests.ConnectionError(RESET), "connection reset by peer"),
        (requests.ConnectTimeout("x"), "no connection in time"),
        (requests.ReadTimeout("HTTPConnectionPool(host='a', port=1): Read timed out."), "no answer in time"),
        (requests.ReadTimeout("a:1: Read timed out. (read timeout=3.0)"), "no answer within 3.0 s"),
        (requests.ReadTimeout("no whole answer within 10 s"), "no whole answer within 10 s"),
        (requests.exceptions.SSLError(UNTRUSTED), "its certificate is not trusted: self-signed certificate"),
        (requests.exceptions.SSLError(NO_TLS), "no TLS is spoken with it: wrong version number"),
        (ValueError("answers 200 and no JSON: 'x'"), "answers 200 and no JSON: 'x'"),
    ],
)
def test_why_there_is_no_answer_is_told_in_the_system_s_words(error: Exception, said: str) -> None:
    assert reason(error) == said


@pytest.mark.parametrize("what", BAD_ANSWERS)
def test_an_answer_ends_in_time_and_is_bounded(what: str) -> None:
    script, kind = BAD_ANSWERS[what]
    with servers.serving(script) as server, Session(0.2, most_bytes=1000) as session:
        begun = time.monotonic()
        with pytest.raises(kind):
            session.get(server.url)
        assert time.monotonic() - begun < 5  # without an end it would never return


def test_a_whole_answer_is_read_and_its_connection_used_again() -> None:
    with servers.serving(servers.answer("x" * 1000)) as server, Session(5, most_bytes=1000) as session:
        assert [session.get(server.url).text, session.get(server.url).text] == ["x" * 1000] * 2


def _recording(folder: Path, ask: Callable[[Recorder], object]) -> None:
    with closing(Recorder(folder / "history.jsonl", "run", SystemClock())) as history:
        ask(history)


CALLERS: dict[str, Callable[[str, Path], object]] = {
    "session": lambda url, _: Session().get(url),
    "prometheus": lambda url, _: Prometheus(url).get("/api/v1/rules"),
    "prometheus-api-client": lambda url, _: Prometheus(url).query("up"),
    "alertmanager": lambda url, _: Alertmanager(url).alerts(),
    "grafana": lambda url, _: Grafana(url).health(),
    "exposition": lambda url, folder: _recording(
        folder, lambda history: recording.exposition(history, url, "rest")
    ),
    "sender": lambda url, _: Sender(url, bin_seconds=0.1).request("GET", "/"),
    "fault port": lambda url, folder: FaultPort(url, "token", UndoBook(folder)).states(),
    "node exporter": lambda url, folder: _recording(
        folder, lambda history: NodeReader(history, url).read("drill")
    ),
    "readings": lambda url, _: Readings(load(DEFAULT_CONTRACT), url, None).api(),
    "health": lambda url, _: ask_health(url, "/health", lambda sent: None),
    "readiness": lambda url, _: unmet_http(url),
    "undo": lambda url, _: undo.send(HttpCall(url=url, method="POST")),
    "undo of a fault": lambda url, _: undo.EndFault(url=url, token="token", fault="slow").perform(),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_no_question_goes_to_the_proxy_of_the_environment(
    caller: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.serving(servers.answer("{}", 404)) as proxy, servers.serving(servers.answer("{}")) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        requests.get(server.url, timeout=5)  # the twin: this one does
        assert (len(proxy.seen), len(server.seen)) == (1, 0)
        with suppress(EvidenceError):  # `{}` is no answer to most of these questions
            CALLERS[caller](server.url, tmp_path)
        assert (len(proxy.seen), bool(server.seen)) == (1, True)


CLIENTS = (
    "aiohttp",
    "http.client",
    "httpx",
    "niquests",
    "urllib.request",
    "urllib3.PoolManager",
    "websocket",
    "websockets",
)
"""What could ask over HTTP past promproof/http.py; geventhttpclient is the load itself, and reads no environment."""
MENTIONED = re.compile(
    r"\b(aiohttp|http import|http\.client|httpx|niquests|requests|urllib|websockets?|PrometheusConnect)\b"
)
OF_REQUESTS = ("Session", "session", "request", "get", "post", "put", "patch", "delete", "head", "options")


def _asks_past_the_session(source: str) -> list[str]:
    """Every use of another HTTP client in a module's text."""
    found: list[str] = []
    forbidden = {*CLIENTS, *(f"requests.{name}" for name in OF_REQUESTS), "PrometheusConnect"}
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "PrometheusConnect"
        ):
            names = [] if any(word.arg == "session" for word in node.keywords) else ["PrometheusConnect"]
        found += [name for name in names if name in forbidden]
    return found


def test_every_request_goes_through_the_session() -> None:
    allowed = REPOSITORY / "promproof" / "http.py"
    sources = {
        path: path.read_text(encoding="utf-8")
        for path in (REPOSITORY / "promproof").rglob("*.py")
        if path != allowed
    }
    assert len(sources) > 100
    found = [
        f"{path.relative_to(REPOSITORY)}: {use}"
        for path, source in sources.items()
        if MENTIONED.search(source)  # parsing all of them takes a second
        for use in _asks_past_the_session(source)
    ]
    assert not found, "use promproof.http.Session"


@pytest.mark.parametrize(
    "source",
    [
        "import requests\nrequests.get('http://127.0.0.1')",
        "import requests\nwith requests.Session() as session: ...",
        "from requests import get",
        "import urllib.request",
        "from urllib import request",
        "import http.client",
        "from http import client",
        "PrometheusConnect('http://127.0.0.1')",
    ],
    ids=lambda text: str(text).splitlines()[-1],
)
def test_a_use_of_another_client_is_found(source: str) -> None:
    assert _asks_past_the_session(source)


def test_errors_and_servers_of_the_same_libraries_are_no_other_client() -> None:
    text = (
        "import requests\nfrom http.server import HTTPServer\ntry: ...\nexcept requests.RequestException: ..."
    )
    assert not _asks_past_the_session(text)


def test_the_ledger_of_a_generator_that_died_before_its_first_line_can_be_merged(tmp_path: Path) -> None:
    harness = Ledger(time.monotonic, 0.025)
    harness.record("GET", "/health", 200, 1.0, 1.1)
    tail = LedgerTail(tmp_path / "ledger.jsonl", bin_seconds=0.025)
    together = merge([harness.snapshot(), tail.view()])
    assert (together.requests, tail.view().complete) == (1, False)
