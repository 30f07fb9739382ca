"""With what a run is let in: headers and certificates for what runs already, each for its place and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from promproof import http
from promproof.cli import ui
from promproof.cli.program import main
from promproof.errors import InputError
from promproof.http import Access, Session, access_of, handed_on, take_over
from promproof.load.shown import shown, shown_in_environment
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.prometheus import Prometheus
from promproof.optiontable import options
from promproof.run.access import METRICS, let_in_to, refuse_closed
from tests.observe import servers
from tests.observe.front import before, certificate, signed
from tests.served import prometheus

pytestmark = pytest.mark.unit
PROMETHEUS = "https://metrics.shop.example/prom"


@pytest.fixture(autouse=True)
def nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LET_IN", {})
    monkeypatch.setattr(http, "_STARTED", [])


@pytest.fixture
def status() -> Iterator[str]:
    with servers.serving(servers.answer('{"versionInfo": {}}')) as server:
        yield server.url


def test_a_header_is_shown_below_its_url_and_nowhere_else() -> None:
    secrets = let_in_to(
        {"prometheus": PROMETHEUS, "target": "http://a:1"}, ["prometheus=X-Scope-OrgID: shop"], None
    )
    assert secrets == ["shop"]
    assert access_of(f"{PROMETHEUS}/api/v1/query").headers == {"X-Scope-OrgID": "shop"}
    for url in (f"{PROMETHEUS}-other/api", "https://metrics.shop.example/", "http://a:1/metrics"):
        assert access_of(url) == Access()
    assert let_in_to({"prometheus": PROMETHEUS}, [], None) == []
    assert access_of(PROMETHEUS) == Access(), "another run in the same process begins anew"


def test_a_target_that_is_started_here_is_shown_its_header_where_it_is_started() -> None:
    header = "target=Authorization: Bearer hush"
    assert let_in_to({"target": None, "prometheus": PROMETHEUS}, [header], None, starts=True) == [
        "Bearer hush"
    ]
    assert access_of("http://127.0.0.1:4711/items") == Access(), "nobody knows yet where it is"
    http.show_started("http://127.0.0.1:4711")
    assert access_of("http://127.0.0.1:4711/items").headers == {"Authorization": "Bearer hush"}
    assert access_of("http://127.0.0.1:4712/items") == access_of(PROMETHEUS) == Access()
    assert let_in_to({"target": None}, [], None, starts=True) == []
    http.show_started("http://127.0.0.1:4713")
    assert access_of("http://127.0.0.1:4713/") == Access(), "another run in the same process begins anew"


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush\n", encoding="utf-8")
    let_in_to({"prometheus": PROMETHEUS}, [f"prometheus=Authorization: Bearer @{tmp_path / 'token'}"], None)
    assert access_of(PROMETHEUS).headers == {"Authorization": "Bearer hush"}
    let_in_to({"prometheus": PROMETHEUS}, ["prometheus=From: me@shop.example"], None)
    assert access_of(PROMETHEUS).headers == {"From": "me@shop.example"}


@pytest.mark.parametrize(
    "text",
    [
        "X-Scope-OrgID: shop",
        "prometheus=X-Scope-OrgID",
        "nobody=A: b",
        "alertmanager=A: b",
        "prometheus=A: @/nowhere/x",
    ],
    ids=["no place", "no value", "a place that is none", "a place without a URL", "no file"],
)
def test_a_header_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        let_in_to({"prometheus": PROMETHEUS, "alertmanager": None}, [text], None)
    assert "--header" in caught.value.where


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no certificate"):
        let_in_to({"prometheus": PROMETHEUS}, [], tmp_path / "none.pem")


def test_a_server_with_its_own_certificate_a_prefix_and_a_token_answers_who_knows_them(
    tmp_path: Path, status: str
) -> None:
    pair = certificate(tmp_path)
    with before(status, {"Authorization": "Bearer hush"}, pair) as url:
        with pytest.raises(requests.exceptions.SSLError):
            Session().get(url)
        let_in_to({"alertmanager": url}, [], pair[0])
        assert Session().get(f"{url}/api/v2/status").status_code == 401
        let_in_to({"alertmanager": url}, ["alertmanager=Authorization: Bearer hush"], pair[0])
        assert Alertmanager(url).status() == {"versionInfo": {}}


def test_prometheus_behind_a_certificate_of_its_own_is_asked(tmp_path: Path) -> None:
    pair = certificate(tmp_path)
    answer = '{"status": "success", "data": {"resultType": "vector", "result": []}}'
    with (
        servers.serving(servers.answer(answer)) as server,
        before(server.url, {"X-Scope-OrgID": "shop"}, pair) as url,
    ):
        let_in_to({"prometheus": url}, ["prometheus=X-Scope-OrgID: shop"], pair[0])
        assert Prometheus(url).query("up") == []


def test_a_password_in_the_url_is_shown_as_basic_authentication(status: str) -> None:
    with before(status, {"Authorization": "Basic c2hvcDpodXNo"}) as url:
        assert Session().get(f"{url}/").status_code == 401
        named = url.replace("http://", "http://shop:hush@")
        assert Alertmanager(named).status() == {"versionInfo": {}}


def test_a_target_s_metrics_elsewhere_are_shown_what_the_target_is_shown() -> None:
    let_in_to(
        {"target": "http://a:1", METRICS: "http://a:2/stats"}, ["target=Authorization: Bearer hush"], None
    )
    assert (
        access_of("http://a:2/stats")
        == access_of("http://a:1/items")
        == Access({"Authorization": "Bearer hush"})
    )
    assert access_of("http://a:2/other") == Access()


def test_traffic_is_shown_what_the_target_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    let_in_to({"target": "http://a:1"}, ["target=Authorization: Bearer hush"], None)
    handed = shown_in_environment("http://a:1")
    assert shown_in_environment("http://b:1") == shown() == {}
    for name, value in handed.items():
        monkeypatch.setenv(name, value)
    assert shown() == {"Authorization": "Bearer hush"}


def test_another_process_shows_what_it_was_handed_and_hands_nothing_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert handed_on() == {}
    let_in_to({"prometheus": PROMETHEUS}, ["prometheus=X-Scope-OrgID: shop"], None)
    for name, value in handed_on().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(http, "_LET_IN", {})
    monkeypatch.setattr(http, "_STARTED", [])
    take_over()
    assert access_of(f"{PROMETHEUS}/api/v1/query").headers == {"X-Scope-OrgID": "shop"}
    monkeypatch.setattr(http, "_LET_IN", {})
    monkeypatch.setattr(http, "_STARTED", [])
    take_over()
    assert access_of(PROMETHEUS) == Access(), "the variable is gone"


def test_the_web_ui_is_let_in_as_a_run_is(status: str) -> None:
    given = {option.key: option.default_of("ui") for option in options("ui")}
    with before(status, {"X-Scope-OrgID": "shop"}) as url:
        asked = {**given, "prometheus": url, "target": "http://127.0.0.1:9"}
        with pytest.raises(InputError, match="it answers 401"):
            ui.access(asked)
        shown = ["prometheus=X-Scope-OrgID: shop", "target=Authorization: Bearer hush"]
        handed = ui.access({**asked, "header": shown})
    assert {"shop", "Bearer hush"} <= set(re.findall(r': "([^"]+)"', " ".join(handed.values())))
    words = ui.command({**asked, "header": shown, "rest": []})
    assert not [word for word in words if "hush" in word or "header" in word], (
        "a command line can be read by all"
    )


def test_a_load_session_shows_the_target_what_it_asks_for_and_its_report_does_not(
    tmp_path: Path, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "one.yaml"
    steps = "once: [{name: ask, times: 3, steps: [{request: GET /}]}]"
    scenario.write_text(f"scenario: 1\nname: one\n{steps}\n", encoding="utf-8")
    words = ["load", str(scenario), "--reports", str(tmp_path / "reports"), "--pass", "errors < 1%"]
    with before(status, {"X-Key": "hush-hush-hush"}) as url:
        assert main([*words, "--target", url]) == 0
        assert "401:3" in capsys.readouterr().out
        header = ["--header", "target=X-Key: hush-hush-hush"]
        assert main([*words, "--target", url, *header, "--await-workers", "1"]) == InputError.exit_status
        assert "leave --await-workers out" in capsys.readouterr().err
        assert main([*words, "--target", url, *header]) == 0
        assert "200:3" in capsys.readouterr().out
    kept = [path for path in (tmp_path / "reports").rglob("*") if path.is_file() and not path.is_symlink()]
    assert kept
    assert not [path for path in kept if b"hush-hush" in path.read_bytes()]


def test_what_a_server_asks_for_is_told_with_the_option_that_shows_it(tmp_path: Path, status: str) -> None:
    authority, pair = signed(tmp_path)
    with before(status, {"X-Scope-OrgID": "shop"}, pair) as url:
        with pytest.raises(InputError, match="certificate of the prometheus is not trusted") as caught:
            refuse_closed({"prometheus": url})
        assert "--ca-file" in caught.value.todo
        let_in_to({"prometheus": url}, [], authority)
        with pytest.raises(InputError, match="it answers 401 'who are you\\?'") as caught:
            refuse_closed({"prometheus": url})
        assert "--header 'prometheus=" in caught.value.todo
        let_in_to({"prometheus": url}, ["prometheus=X-Scope-OrgID: shop"], authority)
        refuse_closed({"prometheus": url})


def test_a_server_that_is_down_or_speaks_no_tls_is_told_apart(status: str) -> None:
    with pytest.raises(InputError, match="no TLS with the target is possible: "):
        refuse_closed({"target": status.replace("http:", "https:")})
    refuse_closed({"prometheus": "http://127.0.0.1:9", "alertmanager": None, "target": "http://127.0.0.1:9"})


def test_a_target_that_asks_for_credentials_at_its_start_page_is_no_closed_one(
    tmp_path: Path, status: str
) -> None:
    with before(status, {"X-Who": "me"}, certificate(tmp_path)) as url:
        let_in_to({"target": url}, [], tmp_path / "front.pem")
        refuse_closed({"target": url})


def test_check_asks_a_server_behind_an_authority_of_its_own_and_a_tenant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, pair = signed(tmp_path)
    with (
        prometheus("# TYPE a_total counter\na_total 1\n") as server,
        before(server, {"X-Scope-OrgID": "shop"}, pair) as url,
    ):
        assert main(("check", "--prometheus", url)) == 4
        assert capsys.readouterr().err.startswith(
            f"{url}: the certificate of the prometheus is not trusted: "
        )
        assert main(("check", "--prometheus", url, "--ca-file", str(authority))) == 4
        assert "--header 'prometheus=NAME: VALUE'" in capsys.readouterr().err
        shown = ("--ca-file", str(authority), "--header", "prometheus=X-Scope-OrgID: shop")
        assert main(("check", "--prometheus", url, *shown)) == 0
    assert "1 Prometheus configuration" in capsys.readouterr().out
