"""Secrets of every kind, planted where users have them, and looked for in all that a run leaves.

No whole run is needed: what is written goes through the same code (render, history, reports, the sweep at the end). The
run of a stranger's service (test_shop.py) is looked through as well.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.config.masking import MASK, Masker, is_secret, masked, of_environment, secrets_of
from promproof.config.timescale import TimeScale
from promproof.evidence.history import Recorder, read
from promproof.evidence.records import DeploymentRead, ObservationFailed
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING
from promproof.render.monitoring import render
from promproof.report.files import write_json
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.ending import Ending
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.run.secrecy import HISTORY, STORES, private_folder, publish, restrict
from promproof.stack.journal import Journal
from promproof.verdict import Outcome, Verdict
from tests.records import filled

PROMETHEUS: dict[str, Any] = {
    "basic_auth": {"username": "scraper", "password": "planted-01-basic"},
    "params": {"access_token": ["planted-02-parameter"]},
    "http_headers": {"X-Api-Key": {"secrets": ["planted-03-header"]}},
}
OTHER_JOBS: list[dict[str, Any]] = [
    {"job_name": "bearer", "bearer_token": "planted-04-bearer"},
    {"job_name": "authorization", "authorization": {"credentials": "planted-05-credentials"}},
    {
        "job_name": "oauth",
        "oauth2": {
            "client_id": "me",
            "client_secret": "planted-06-oauth",
            "token_url": "https://login.example/t",
        },
    },
    {"job_name": "consul", "consul_sd_configs": [{"server": "c:8500", "token": "planted-07-consul"}]},
    {"job_name": "ec2", "ec2_sd_configs": [{"access_key": "AKIAPLANTED08", "secret_key": "planted-09-ec2"}]},
    {"job_name": "url", "http_sd_configs": [{"url": "http://sd:planted-10-userinfo@sd.example/targets"}]},
]
REMOTE = [
    {"url": "https://tsdb.example/write?token=planted-11-query", "sigv4": {"secret_key": "planted-12-sigv4"}}
]
GLOBAL = {
    "slack_api_url": "https://hooks.slack.com/services/T000/B000/planted13slack0000",
    "smtp_auth_password": "planted-14-smtp",
    "opsgenie_api_key": "planted-15-opsgenie",
    "victorops_api_key": "planted-16-victorops",
    "wechat_api_secret": "planted-17-wechat",
}
RECEIVER: dict[str, Any] = {
    "name": "people",
    "pagerduty_configs": [{"routing_key": "planted-18-pagerduty"}],
    "telegram_configs": [{"bot_token": "planted-19-telegram", "chat_id": 5}],
    "pushover_configs": [{"user_key": "planted-20-pushover", "token": "planted-21-pushover"}],
    "discord_configs": [{"webhook_url": "https://discord.com/api/webhooks/1/planted22discord"}],
    "webhook_configs": [
        {"url": "https://hooks.example.com/in/planted-23-path"},
        {
            "url": "http://bot:planted-24-hook@desk:8080/",
            "http_config": {"authorization": {"type": "Bearer", "credentials": "planted-25-notification"}},
        },
    ],
}
SOURCE = {
    "basicAuthPassword": "planted-26-grafana",
    "secureJsonData": {"httpHeaderValue1": "Bearer planted-27-header"},
}
VARIABLES = {
    "GRAFANA_ADMIN_PASSWORD": "planted-28-admin",
    "PROMPTPILOT_DATABASE_URL": "postgresql+asyncpg://pilot:planted-29-database@db/pilot",
    "CI_DEPLOY_TOKEN": "planted-30-ci",
}
APP = "my-api --api-key planted-31-option --password=planted-32-option --port {port}"
FROM_FILE = "planted-33-file"
PLANTED = sorted(
    {
        word
        for document in (
            PROMETHEUS,
            OTHER_JOBS,
            REMOTE,
            GLOBAL,
            RECEIVER,
            SOURCE,
            VARIABLES,
            [APP],
            [FROM_FILE],
        )
        for word in re.findall(r"(?:AKIA)?(?i:planted)-?\d\d\w*(?:-\w+)?", json.dumps(document))
    }
)


@dataclass(frozen=True)
class Left:
    """What a run has left: its folder, and what stood in it before it was masked."""

    folder: Path
    private: str
    log: str
    modes: set[int]
    files: int

    def text(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8")
            for path in self.folder.rglob("*")
            if path.is_file()
        }


def monitoring_with_secrets(folder: Path) -> Path:
    shutil.copytree(DEFAULT_MONITORING, folder)

    def change(name: str, **more: Any) -> dict[str, Any]:
        data: dict[str, Any] = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        data.update(more)
        return data

    prometheus = change("prometheus/prometheus.yml", remote_write=REMOTE)
    prometheus["scrape_configs"][1].update(PROMETHEUS)
    prometheus["scrape_configs"] += [
        *OTHER_JOBS,
        {"job_name": "file", "basic_auth": {"password_file": "pass"}},
    ]
    alertmanager = change("alertmanager/alertmanager.yml")
    alertmanager.setdefault("global", {}).update(GLOBAL)
    alertmanager["receivers"].append(RECEIVER)
    sources = change("grafana/provisioning/datasources/prometheus.yml")
    sources["datasources"][0].update(SOURCE)
    for name, data in (
        ("prometheus/prometheus.yml", prometheus),
        ("alertmanager/alertmanager.yml", alertmanager),
        ("grafana/provisioning/datasources/prometheus.yml", sources),
    ):
        (folder / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    (folder / "prometheus/pass").write_text(FROM_FILE + "\n", encoding="utf-8")
    return folder


def write_run(prepared: Prepared, folder: Path, runs: Path) -> Left:
    """All that a run writes, in its order."""
    assert prepared.contract.deployment is not None
    log = folder / "target/logs/target.log"
    log.parent.mkdir(parents=True)
    said = "\n".join([*PLANTED, "Authorization: Bearer planted-x-unknown", "http://a:planted-y@b/"])
    log.write_text(said, encoding="utf-8")
    history = Recorder(folder / HISTORY, "run", SystemClock(), prepared.masker)
    with (
        Journal(runs) as journal,
        private_folder(folder, journal, prepared.masker, lambda: False, print) as private,
    ):
        rendered = render(
            prepared.options.monitoring,
            private / "rendered",
            scale=TimeScale(60),
            addresses={"promptpilot-api": "127.0.0.1:8000", "bearer": "127.0.0.1:1", "oauth": "127.0.0.1:2"},
            alertmanager="127.0.0.1:9093",
            receivers={"people": "http://127.0.0.1:1/people"},
        )
        restrict(private / "rendered", readers=False)
        inside = [path for path in private.rglob("*") if path.is_file()]
        shown = "".join(path.read_text(encoding="utf-8") for path in inside)
        modes = {path.stat().st_mode & 0o077 for path in (private, *(private / "rendered").rglob("*"))}
        publish(private, folder, prepared.masker)
        (folder / "changes.diff").write_text(rendered.diff, encoding="utf-8")
        history.add(
            filled("run", {"changes": [str(change) for change in rendered.changes], "diff": rendered.diff})
        )
        history.add(static.deployment(prepared, prepared.contract.deployment))
        history.add(filled("tools", {"results": [{"output": said}]}))
        history.add(
            filled("delivery", {"body": {"alerts": [{"annotations": {"summary": said}}]}, "receiver": said})
        )
        history.add(filled("trouble", {"error": said}))
    prepared.masker.sweep(folder, (*STORES, HISTORY))
    history.close()
    verdict = Verdict("metric/a/form", Outcome.FAIL, reason=said, expected="x", observed=said)
    write_json(folder / "report.json", [verdict], Ending(said), strict=False, status=1, run={"id": "run"})
    (folder / "junit.xml").write_text(f"<failure>{said}</failure>", encoding="utf-8")
    prepared.masker.sweep(folder, STORES)
    return Left(folder, shown, said, modes, len(inside))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("secrets")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        monitoring = monitoring_with_secrets(folder / "monitoring")
        prepared = prepare(Options.of(contract=DEFAULT_CONTRACT, monitoring=monitoring, app=APP))
        return write_run(prepared, folder / "run", folder / "runs")


@pytest.mark.stack
@pytest.mark.parametrize("secret", PLANTED)
def test_no_secret_is_in_the_folder_of_a_run(left: Left, secret: str) -> None:
    assert secret in left.log
    assert [name for name, text in left.text().items() if secret.lower() in text.lower()] == []


@pytest.mark.stack
def test_what_a_run_leaves_is_still_of_use(left: Left) -> None:
    texts = left.text()
    assert "private" not in {name.split("/")[0] for name in texts}
    assert (
        len([name for name in texts if name.startswith("rendered/")]) == left.files - 1
    )  # the run's own mark
    prometheus = yaml.safe_load(texts["rendered/prometheus/prometheus.yml"])
    assert prometheus["scrape_configs"][0]["basic_auth"] == {"username": "scraper", "password": MASK}
    assert yaml.safe_load(texts["rendered/grafana/provisioning/datasources/prometheus.yml"])["datasources"][
        0
    ]["url"]
    records = read(left.folder / HISTORY)
    (deployment,) = records.of(DeploymentRead)
    services = deployment.data.config["services"]
    assert (
        services["api"]["environment"]["PROMPTPILOT_DATABASE_URL"]
        == f"postgresql+asyncpg://pilot:{MASK}@db/pilot"
    )
    assert services["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == MASK
    assert json.loads(texts["report.json"])["verdicts"][0]["claim"] == "metric/a/form"
    assert "planted-x-unknown" not in texts[HISTORY] + texts["target/logs/target.log"]
    assert "planted-y" not in texts[HISTORY] + texts["target/logs/target.log"]


@pytest.mark.stack
def test_only_the_programs_can_read_their_secrets(left: Left) -> None:
    for secret in ("planted-01-basic", "planted-04-bearer", "planted-06-oauth", "planted-26-grafana"):
        assert secret in left.private
    assert left.modes == {0}


@pytest.mark.unit
def test_the_documented_account_is_no_secret(tmp_path: Path) -> None:
    """It is not verified while it is the default: whether it was changed must be seen."""
    prepared = prepare(Options.of(contract=DEFAULT_CONTRACT, monitoring=DEFAULT_MONITORING))
    environment = {"GF_SECURITY_ADMIN_PASSWORD": "admin"}
    assert masked(environment, keep=prepared.masker.public) == environment
    assert prepared.masker.text("the admin of admin") == "the admin of admin"


HARMLESS: list[dict[str, Any]] = [
    {"expr": 'sum(rate(http_requests_total{token="x", password=~"a|b"}[5m])) / 2 > 0.05'},
    {"url": "http://api:8000/api/v1/alerts"},
    {"webhook_configs": [{"url": "http://api:8000/api/v1/alerts", "max_alerts": 5}]},
    {"webhook_configs": [{"url": "http://127.0.0.1:9099/abcdefghijklmnop1234"}]},
    {"password_file": "/run/secrets/password", "credentials_file": "token"},
    {"token_url": "https://login.example/token", "username": "scraper"},
    {"PWD": "/work", "GPG_KEY": "A035C8C19219BA821ECEA86B64E628F8D684696D", "PATH": "/bin"},
    {"command": ["--web.enable-lifecycle", "--config.file=/etc/prometheus/prometheus.yml"]},
    {"password": "${GRAFANA_ADMIN_PASSWORD:-}", "token": "$TOKEN", "secret": "$__file{/etc/secret}"},
    {"automountServiceAccountToken": False, "password": None, "api_key": ""},
    {"summary": "authorization: required. Basic authentication; 12:30@noon; see http://host:80/a@b"},
]


@pytest.mark.unit
@pytest.mark.parametrize(
    "document", HARMLESS, ids=[f"{n} {', '.join(map(str, case))}" for n, case in enumerate(HARMLESS)]
)
def test_a_harmless_text_is_not_masked(document: dict[str, Any]) -> None:
    assert masked(document) == document
    assert Masker().text(json.dumps(document)) == json.dumps(document)


@pytest.mark.unit
@pytest.mark.parametrize(
    "word", ["admin", "prometheus", "promptpilot", "8000", "1e5", "0.25", "short", "Grafana"]
)
def test_an_ordinary_word_is_masked_only_as_the_value_of_a_password(word: str) -> None:
    assert masked({"password": word}) == {"password": MASK}
    assert Masker([word]).text(f"the {word} of 8000 alerts") == f"the {word} of 8000 alerts"


@pytest.mark.unit
@pytest.mark.parametrize(
    "written",
    [
        'p"ss\\w0rd/ä',
        "p%22ss%5Cw0rd%2F%C3%A4",
        'p\\"ss\\\\w0rd/\\u00e4',
        "p&quot;ss\\w0rd/ä",
        "cCJzc1x3MHJkL8Ok",
    ],
    ids=["plain", "in a URL", "in JSON", "in HTML", "in base64"],
)
def test_a_secret_is_masked_however_it_is_written(written: str) -> None:
    assert Masker(['p"ss\\w0rd/ä']).text(f"x {written} y") == f"x {MASK} y"


@pytest.mark.unit
def test_a_secret_with_quotes_leaves_its_record_readable(tmp_path: Path) -> None:
    secret = 'x","n":7,"y'
    history = Recorder(tmp_path / HISTORY, "run", SystemClock(), Masker([secret]))
    history.add(filled("observation_failed", {"error": f"at {secret}!", "what": "1"}))
    history.close()
    (record,) = read(tmp_path / HISTORY).records
    assert record.data == ObservationFailed("1", f"at {MASK}!") == history.records[0].data


@pytest.mark.unit
def test_a_part_of_a_longer_word_is_not_masked() -> None:
    assert Masker(["token1"]).text("token12 mytoken1 token1") == f"token12 mytoken1 {MASK}"


@pytest.mark.unit
def test_a_variable_of_the_machine_is_no_secret() -> None:
    found = of_environment(
        {"PWD": "/srv/here1", "OLDPWD": "/srv/1", "GITHUB_API_URL": "https://api.x/1", "A": "b"}
    )
    assert found == set()
    assert of_environment({"DB_PASS": "pass-1"}) == {"pass-1"}


@pytest.mark.unit
@pytest.mark.parametrize(
    "name", ["password", "bot_token", "routing_key", "X-Api-Key", "--fault-token", "apiKey"]
)
def test_the_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)
    assert secrets_of({name: "found-1"}) == {"found-1"}


NAMES = """
    password passwd passphrase pwd secret my_secret token x-token db_password api_key api-key apikey sig signature
    PASSWORD --Api-Key pa\u017f\u017fword
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_what_is_assigned_to_the_name_of_a_secret_is_masked(name: str) -> None:
    assert Masker().text(f'{{"n":1}} a?b=c&{name}=abc&d=e') == f'{{"n":1}} a?b=c&{name}={MASK}&d=e'


def test_the_password_of_a_url_is_masked() -> None:
    assert Masker().text("http://a:b@c/d http://e/f") == f"http://a:{MASK}@c/d http://e/f"
