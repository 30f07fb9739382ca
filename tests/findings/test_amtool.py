"""What findings say of Alertmanager's files, real amtool says too."""

from __future__ import annotations

import random
import re
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from promproof.config.labelsets import exactly
from promproof.config.routes import certain_receivers
from promproof.findings.alertroutes import tree_of
from promproof.findings.discover import discover
from promproof.findings.kind import KINDS
from promproof.findings.notifications import slips
from promproof.stack.journal import cache_dir
from promproof.stack.waiting import loopback_session, wait_until
from tests.config.test_routes import drawn, whole_sets
from tests.findings.alertmanagers import found, rules, written
from tests.findings.test_alertmanager_keys import SHAPES, TAKEN, VALUES, received

pytestmark = pytest.mark.stack


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    program = cache_dir() / "programs" / "amtool"
    if not program.exists():
        pytest.skip("no amtool in the cache of programs")
    return subprocess.run([str(program), *words], capture_output=True, text=True, check=False)


REFUSED = (
    "bad-interval",
    "bad-matcher",
    "refused",
    "undefined-interval",
    "undefined-receiver",
    "unknown-key",
)


@pytest.mark.parametrize("name", REFUSED)
def test_amtool_refuses_what_is_said_to_be_refused_and_takes_its_neighbour(name: str, tmp_path: Path) -> None:
    kind = KINDS.get(f"alertmanager/{name}")
    written(tmp_path / "bad", kind.example)
    written(tmp_path / "good", kind.instead)
    assert "FAILED" in amtool("check-config", str(tmp_path / "bad" / "alertmanager.yml")).stdout
    assert "SUCCESS" in amtool("check-config", str(tmp_path / "good" / "alertmanager.yml")).stdout


def test_amtool_refuses_every_value_of_a_wrong_shape(tmp_path: Path) -> None:
    shapes = [f"{text}\nreceivers: [{{name: x}}]\n" for text in SHAPES.values()]
    texts = [*shapes, *map(received, VALUES.values()), *map(received, TAKEN.values())]
    files = [tmp_path / f"{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    said = amtool("check-config", *map(str, files)).stdout
    assert (said.count("FAILED"), said.count("SUCCESS")) == (len(SHAPES) + len(VALUES), len(TAKEN))


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("{{ .StartsAt }}", True),
        ("{{ (index .Alerts 0).Labels.job }}", False),
        ('{{ .Status | default "x" }}', True),
        ("{{ .PUBLIC_IP }}", True),
    ],
)
def test_amtool_refuses_a_text_exactly_where_a_mistake_is_found(text: str, is_refused: bool) -> None:
    said = amtool("template", "render", "--template.glob=/dev/null", f"--template.text={text}")
    assert (said.returncode != 0) is is_refused
    assert bool(list(slips(text))) is is_refused


@pytest.mark.parametrize("seed", range(2))
def test_amtool_sends_alerts_where_the_routes_of_a_file_say(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed + 100)
    data = {"route": drawn(chance)}
    names = re.findall(r"r\d+", yaml.safe_dump(data))
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump({**data, "receivers": [{"name": name} for name in dict.fromkeys(names)]}))
    (server,) = discover([tmp_path], tmp_path).alertmanagers
    tree = tree_of(server)
    assert tree is not None
    for labels in chance.sample(whole_sets(), 3):
        words = [f"{name}={value}" for name, value in labels.items()]
        said = amtool("config", "routes", "test", f"--config.file={file}", *words).stdout.strip()
        assert sorted(said.split(",")) == sorted(certain_receivers(tree, exactly(labels)) or ())


INHIBITIONS = """route: {receiver: 'null'}
receivers: [{name: 'null'}]
inhibit_rules:
- {source_matchers: ['severity="info"'], target_matchers: ['severity="page"'], equal: [building]}
- {source_matchers: ['alertname="A"'], target_matchers: ['alertname="B"'], equal: [cluster]}
- {source_matchers: ['alertname="B"'], target_matchers: ['alertname="A"'], equal: [cluster]}
- {source_matchers: ['severity="same"'], target_matchers: ['severity="same"'], equal: [cluster]}
"""
SENT = (
    {"alertname": "Refusals", "severity": "page"},
    {"alertname": "Heartbeat", "severity": "info"},
    {"alertname": "A"},
    {"alertname": "B"},
    {"alertname": "S", "severity": "same"},
    {"alertname": "T", "severity": "same"},
)


def test_a_running_alertmanager_mutes_what_findings_about_inhibitions_say(tmp_path: Path) -> None:
    program = cache_dir() / "programs" / "alertmanager"
    if not program.exists():
        pytest.skip("no alertmanager in the cache of programs")
    file = tmp_path / "alertmanager.yml"
    file.write_text(INHIBITIONS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(program), f"--config.file={file}", f"--storage.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    (tmp_path / "data").mkdir()
    # It reads default.tmpl from beside its program.
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=program.parent)
    url = f"http://{address}/api/v2/alerts"

    def unmet() -> str:
        with loopback_session() as session, suppress(OSError):
            session.post(url, json=[{"labels": labels} for labels in SENT], timeout=5)
            alerts = session.get(url, timeout=5).json()
            muted = {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}
            return "" if len(alerts) == len(SENT) and muted == {"Refusals", "A", "B"} else f"muted: {muted}"
        return "no answer"

    try:
        wait_until(unmet, 20)
    finally:
        process.terminate()
        process.wait(timeout=20)
    seen = rules(found(tmp_path / "files", INHIBITIONS))
    assert seen.count("alertmanager/inhibits-each-other") == 1
    assert seen.count("alertmanager/inhibits-nothing") == 1
