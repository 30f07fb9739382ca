"""Locust's own web application, with every route that it has: who is let in, and what no answer says.

One real web UI is started without a target; requests are written byte for byte, as a browser would send them.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from promproof.load.guard import MAX_BODY_BYTES, names_of, refusal
from promproof.stack.ports import allocate_ports
from tests.load.processes import DEADLINE_SECONDS, ROOT, wait_for

Headers = dict[str, str]
Answer = tuple[int, Headers, bytes]
NAMED = "load.example.org"
READS = (
    "/",
    "/stats/requests",
    "/stats/report",
    "/stats/requests/csv",
    "/stats/failures/csv",
    "/exceptions",
    "/exceptions/csv",
    "/tasks",
    "/logs",
    "/worker-count",
    "/metrics",
    "/verification/state.json",
    "/verification/page.js",
)
CHANGES = ("/swarm", "/stop", "/stats/reset", "/user", "/verification/fault", "/verification/drill")


class WebUi:
    """Locust's web UI at a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"

    def ask(self, method: str, path: str, headers: Headers, body: bytes = b"") -> Answer:
        """One request with exactly these headers; "PORT" in them is the web UI's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.host, **headers}.items():
                connection.putheader(name, value.replace("PORT", str(self.port)))
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/metrics", {})[0] == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebUi]:
    folder = tmp_path_factory.mktemp("web-ui")
    found = WebUi(allocate_ports(1)[0])
    command = [
        sys.executable,
        "-m",
        "promproof",
        "ui",
        "--web-port",
        str(found.port),
        "--reports",
        str(folder / "reports"),
        "--ledger",
        str(folder / "ledgers"),
        "--web-allowed-host",
        f"{NAMED}, other.example.org",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or found.answers(), "the web UI")
        assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
        yield found
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


OURS: Headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
THEIRS: Headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
NAVIGATION: Headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ATTACKS: dict[str, Headers] = {
    "fetch of another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "old browser, other origin": {"Origin": "https://evil.example"},
    "script of another site": THEIRS,
    "another port of this machine": {"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-site"},
    "another name of this machine": {"Origin": "http://localhost:PORT"},
    "sandboxed frame": {"Origin": "null"},
    "empty origin": {"Origin": ""},
    "broken origin": {"Origin": "http://["},
    "origin that begins like ours": {"Origin": "http://127.0.0.1:PORT.evil.example"},
    "origin with our name as user": {"Origin": "http://127.0.0.1:PORT@evil.example"},
    "our origin, told cross-site": {"Origin": "http://127.0.0.1:PORT", "Sec-Fetch-Site": "cross-site"},
    "referer alone": {"Referer": "https://evil.example/page"},
    "frame of another site": {**THEIRS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "rebound name": {"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT", **OURS},
    "rebound name without a port": {"Host": "evil.example"},
    "name that begins like ours": {"Host": "localhost.evil.example:PORT"},
    "address in a name": {"Host": "127.0.0.1.nip.io:PORT"},
    "address with our name as user": {"Host": "localhost@evil.example"},
    "two hosts": {"Host": "localhost, evil.example"},
    "no host": {"Host": ""},
    "every address": {"Host": "0.0.0.0:PORT"},
    "forwarded host": {"Host": "evil.example", "X-Forwarded-Host": "localhost"},
}
WELCOME: dict[str, Headers] = {
    "curl": {"User-Agent": "curl/8"},
    "curl by name": {"Host": "localhost:PORT"},
    "curl by name in capitals": {"Host": "LocalHost:PORT"},
    "curl by IPv6": {"Host": "[::1]:PORT"},
    "through a forwarded port": {"Host": "localhost:12345"},
    "without a port": {"Host": "localhost"},
    "by a name that was given": {"Host": NAMED, "Origin": f"https://{NAMED}", **OURS},
    "by the second name": {"Host": "other.example.org:PORT"},
    "the page itself": {"Origin": "http://127.0.0.1:PORT", **OURS},
    "the page by IPv6": {"Host": "[::1]:PORT", "Origin": "http://[::1]:PORT", **OURS},
    "old browser, our page": {"Origin": "http://127.0.0.1:PORT", "Referer": "http://127.0.0.1:PORT/?tab=x"},
    "our page's referer alone": {"Referer": "http://127.0.0.1:PORT/"},
    "typed address": {**NAVIGATION, "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
    "frame in our page": {**OURS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
}
LINKS: dict[str, Headers] = {
    "link of another site": {
        **NAVIGATION,
        "Sec-Fetch-Site": "cross-site",
        "Referer": "https://wiki.example/",
    },
    "old browser's link": {"Referer": "https://wiki.example/", "Accept": "text/html,*/*;q=0.8"},
}


def lets_readers_in(headers: Headers) -> bool:
    return "access-control-allow-origin" in headers or "access-control-allow-credentials" in headers


@pytest.mark.stack
@pytest.mark.parametrize("attack", ATTACKS)
def test_another_site_neither_starts_load_nor_reads(ui: WebUi, attack: str) -> None:
    form = b"user_count=1&spawn_rate=1&host=http://127.0.0.1:9"
    about = {"Content-Type": "application/x-www-form-urlencoded", **ATTACKS[attack]}
    asked = [("GET", path, ATTACKS[attack], b"") for path in READS]
    asked += [("POST", path, about, form) for path in CHANGES]
    asked += [(method, "/swarm", about, b"") for method in ("OPTIONS", "GET", "PUT")]
    for method, path, headers, body in asked:
        status, answered, _ = ui.ask(method, path, headers, body)
        # a Host that is no host at all is refused by the server itself
        assert status in ((400, 403) if attack == "no host" else (403,)), f"{method} {path}: {status}"
        assert not lets_readers_in(answered), f"{method} {path}: {answered}"


@pytest.mark.stack
@pytest.mark.parametrize("caller", WELCOME)
def test_the_page_itself_and_a_program_are_let_in(ui: WebUi, caller: str) -> None:
    for path in READS:
        status, answered, _ = ui.ask("GET", path, WELCOME[caller])
        assert status == 200, f"{path}: {status}"
        assert not lets_readers_in(answered)
    status, _, body = ui.ask("POST", "/stop", WELCOME[caller], b"")
    assert (status, json.loads(body)["success"]) == (200, True)


@pytest.mark.stack
@pytest.mark.parametrize("link", LINKS)
def test_a_link_to_the_page_may_read_and_change_nothing(ui: WebUi, link: str) -> None:
    assert ui.ask("GET", "/?tab=verification", LINKS[link])[0] == 200
    assert ui.ask("POST", "/stop", LINKS[link], b"")[0] == 403


@pytest.mark.stack
def test_an_error_answer_lets_no_other_origin_read(ui: WebUi) -> None:
    ours = {"Origin": "http://127.0.0.1:PORT", **OURS}
    for method, path, body in (
        ("GET", "/nowhere", b""),  # 404
        ("GET", "/swarm", b""),  # 405
        ("POST", "/user", b"no json"),  # an exception in Locust's own view
        ("POST", "/verification/fault", b"key=x&action=start"),  # 400 by us
        ("OPTIONS", "/swarm", b""),
    ):
        status, answered, _ = ui.ask(method, path, ours, body)
        assert status != 403, path
        assert not lets_readers_in(answered), (path, answered)
        assert answered["x-frame-options"] == "SAMEORIGIN"
        assert answered["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.stack
def test_no_change_is_made_by_reading(ui: WebUi) -> None:
    for path in CHANGES:
        assert ui.ask("GET", path, {})[0] in (404, 405), path


@pytest.mark.stack
def test_a_body_beyond_the_bound_is_refused(ui: WebUi) -> None:
    assert (
        ui.ask("POST", "/user", {"Content-Type": "application/json"}, b"[" * (MAX_BODY_BYTES + 1))[0] == 413
    )


@pytest.mark.stack
def test_a_refusal_names_the_option_that_would_allow_it(ui: WebUi) -> None:
    _, _, body = ui.ask("GET", "/", {"Host": "load.company.example:8089"})
    assert "--web-allowed-host" in json.loads(body)["error"]
    assert "load.company.example" in json.loads(body)["error"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("web_host", "host", "refused"),
    [
        ("", "10.1.2.3:8089", True),
        ("0.0.0.0", "0.0.0.0:8089", True),
        ("::", "[::]:8089", True),
        ("10.1.2.3", "10.1.2.3:8089", False),
        ("fd00::7", "[fd00::7]:8089", False),
        ("Load.Example", "load.example:8089", False),
    ],
)
def test_a_host_is_let_in_by_the_address_listened_on_unless_that_is_a_wildcard(
    web_host: str, host: str, refused: bool
) -> None:
    assert bool(refusal("GET", {"host": host}, names_of(web_host, ""))) is refused
