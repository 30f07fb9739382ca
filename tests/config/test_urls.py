"""URLs and addresses that users give: one reading, before anything is started."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from promproof.cli.program import main, parse
from promproof.cli.ui import check_urls
from promproof.config.urls import base_url, host_and_port
from promproof.errors import EvidenceError, InputError
from promproof.load.arguments import check_host, refusal
from promproof.load.options import read
from promproof.run.options import Options
from promproof.run.prepare import prepare

pytestmark = pytest.mark.unit

BAD = [
    "",
    "localhost:8000",
    "127.0.0.1",
    "ftp://localhost",
    "http://",
    "http://[",
    "http://[::1",
    "http://[abc]:1",
    "http://localhost:99999",
    "http://localhost:0",
    "http://localhost:-1",
    "http://localhost:",
    "http://localhost:8o",
    "http://local host",
    "http://localhost\n",
    "http://127.0.0.300",
    "http:///metrics",
    "http://x/?a=b",
    "http://x/#a",
    "http://-x",
    "http://x:\u0663",
]
GOOD = [
    "http://localhost:8000",
    "http://127.0.0.1",
    "https://api.example.com",
    "http://[::1]:8000",
    "http://x/base/path",
    "http://user:pass@x:1",
    "http://bücher.example:1",
    "http://my_service:65535",
    "http://example.com.",
]


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_a_url_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        base_url(text, "--target")
    assert str(caught.value).startswith("--target: ")
    assert "is no usable URL: " in str(caught.value)


@pytest.mark.parametrize("text", GOOD, ids=ascii)
def test_a_url_of_a_service_is_taken(text: str) -> None:
    assert base_url(f"{text}/", "--target") == text


def test_a_message_about_a_url_hides_its_password() -> None:
    with pytest.raises(InputError) as caught:
        base_url("http://me:secret@localhost:99999", "--target")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["http://localhost:99999", "http://["])
def test_no_command_starts_with_a_url_that_cannot_be_used(text: str) -> None:
    for arguments in (["steady", "--target", text], ["steady", "--prometheus", text]):
        asked = parse(["load", *arguments])
        assert not isinstance(asked, int)
        with pytest.raises(InputError, match="no usable URL"):
            read(asked.given)
    for name in ("target", "prometheus", "alertmanager", "grafana", "fault_url"):
        given = {
            "target": "http://127.0.0.1:1",
            "fault_token": "x" if name == "fault_url" else None,
            name: text,
        }
        with pytest.raises(InputError, match="no usable URL") as caught:
            prepare(Options.of(**given))
        assert caught.value.where == f"--{name.replace('_', '-')}"
    for name in ("--host", "--prometheus", "--fault-url"):
        with pytest.raises(InputError, match="no usable URL"):
            check_urls([name, text])
    with pytest.raises(InputError, match="no usable URL"):
        check_host(text)


@pytest.mark.parametrize("url", ["not a url", "nosuch://x", "user:secret@host"])
def test_a_database_that_cannot_be_asked_starts_nothing(url: str) -> None:
    with pytest.raises(InputError, match="no URL of a database") as caught:
        prepare(Options.of(target="http://127.0.0.1:1", database=url))
    assert url not in str(caught.value)  # it may hold a password


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9646", ("127.0.0.1", 9646)),
        ("0.0.0.0:9646", ("0.0.0.0", 9646)),
        ("[::1]:1", ("::1", 1)),
        (":80", ("127.0.0.1", 80)),
    ],
)
def test_an_address_to_listen_at_is_taken(text: str, found: tuple[str, int]) -> None:
    assert host_and_port(text, "--serve-metrics") == found


@pytest.mark.parametrize("text", ["x", "99999", "0", "²", "127.0.0.300:1", "a b:1", "x:"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        host_and_port(text, "--serve-metrics")


def test_a_port_may_be_left_out_of_an_address() -> None:
    assert host_and_port("127.0.0.1", "--listen", port=0) == ("127.0.0.1", 0)
    assert host_and_port("127.0.0.1:5557", "--listen", port=0) == ("127.0.0.1", 5557)
    with pytest.raises(InputError):
        host_and_port("127.0.0.1:99999", "--listen", port=0)


OPTIONS = argparse.Namespace(
    host="http://127.0.0.1:8000",
    scenario="steady",
    scenario_text="",
    stretch="",
    rate="",
    duration="",
    closed_users="",
    max_requests="",
)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"scenario": "stedy"}, "stedy: no such scenario"),
        ({"rate": "many"}, "--rate: 'many', expected a rate above 0"),
        ({"duration": "20"}, "--duration: '20', expected a duration"),
        ({"max_requests": "-1"}, "--max-requests: found '-1'"),
        ({"host": "http://["}, "--host: 'http://[' is no usable URL"),
        ({}, ""),
        ({"scenario": "steady", "rate": "20/s", "host": "http://127.0.0.1:9"}, ""),
    ],
    ids=str,
)
def test_a_start_form_with_a_mistake_is_told_what_is_wrong_in_one_line(
    form: dict[str, str], words: str
) -> None:
    why = refusal(OPTIONS, form)
    assert why.startswith(words)
    assert bool(why) == bool(words)
    assert "\n" not in why


def test_looking_at_a_start_form_changes_no_option(tmp_path: Path) -> None:
    refusal(OPTIONS, {"scenario": str(tmp_path)})
    assert OPTIONS.scenario == "steady"


SECRET = "s3cr3tOfAda7"
OPEN = f"http://ada:{SECRET}@127.0.0.1:9"


@pytest.mark.parametrize(
    "error",
    [
        InputError(what=f"nothing answers at {OPEN}/ready", where=OPEN),
        EvidenceError(OPEN, "does not answer", [f"GET {OPEN}"], f"look whether {OPEN} is up"),
    ],
)
def test_what_an_error_says_has_no_password_of_a_url(error: Exception) -> None:
    assert SECRET not in str(error)
    assert "http://...@127.0.0.1:9" in str(error)


def test_an_example_of_a_url_with_a_password_stays_readable() -> None:
    expected = "postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME"
    assert expected in str(InputError(what="it is none", expected=expected))


@pytest.mark.parametrize(("url", "status"), [(OPEN, 2), (f"{OPEN}9999999", 4)])
def test_a_check_of_a_server_shows_no_password(
    url: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--prometheus", url]) == status
    assert SECRET not in capsys.readouterr().err


COMPOSE = "services: {alertmanager: {image: 'prom/alertmanager:v0.27.0', volumes: ['.:/etc/alertmanager']}}\n"
RECEIVER = f"route: {{receiver: a}}\nreceivers: [{{name: a, webhook_configs: [{{url: '{OPEN}/hook'}}]}}]\n"


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_a_finding_shows_no_password_of_a_url(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yml").write_text(COMPOSE, encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(RECEIVER, encoding="utf-8")
    assert main(["check", str(tmp_path), "--only", "alertmanager/localhost", "--format", form]) == 1
    said = capsys.readouterr().out
    assert "127.0.0.1:9/hook" in said
    assert SECRET not in said
