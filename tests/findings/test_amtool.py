"""What findings say of Alertmanager's files, real amtool says too."""

from __future__ import annotations

import random
import re
import subprocess
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
from tests.config.test_routes import drawn, whole_sets
from tests.findings.test_alertmanager import written

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


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("{{ .StartsAt }}", True),
        ("{{ (index .Alerts 0).Labels.job }}", False),
        ('{{ .Status | default "x" }}', True),
    ],
)
def test_amtool_renders_what_is_no_mistake(text: str, is_refused: bool) -> None:
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
