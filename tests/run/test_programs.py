"""Which programs judge a run: those that are here, a newer Prometheus where the folder needs it, and what is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.errors import InputError
from promproof.places import DEFAULT_CONTRACT
from promproof.run.options import Options, StackOptions
from promproof.run.prepared import Prepared
from promproof.run.programs import programs_for
from promproof.stack.binaries import Binaries, Binary

pytestmark = pytest.mark.unit
NEW_KEY = "fallback_scrape_protocol"
REFUSES = f"""cat <<'END'
  FAILED: parsing YAML file: yaml: unmarshal errors:
  line 3: field {NEW_KEY} not found in type config.ScrapeConfig
END
exit 1"""


def binaries(folder: Path, version: str, says: str = "exit 0") -> Binaries:
    folder.mkdir(parents=True, exist_ok=True)
    tool = folder / "tool"
    tool.write_text(f"#!/bin/sh\n{says}\n")
    tool.chmod(0o755)
    found = Binary(tool, version, "cache")
    other = Binary(tool, "0.33.1", "cache")
    return Binaries(found, found, other, other, other)


def prepared(
    folder: Path, image: str = "prom/prometheus:v2.42.0", key: str = NEW_KEY, **stack: Any
) -> Prepared:
    (folder / "prometheus.yml").write_text(f"scrape_configs: [{{job_name: shop, {key}: 30s}}]\n")
    (folder / "docker-compose.yml").write_text(f"services: {{prometheus: {{image: '{image}'}}}}\n")
    deployment = load(DEFAULT_CONTRACT).deployment
    made = SimpleNamespace(
        options=Options(monitoring=folder, stack=StackOptions(**stack)),
        folder=read_folder(folder),
        contract=SimpleNamespace(deployment=deployment),
    )
    return cast("Prepared", made)


class Finding:
    """Finds 2.42 unless a newer one is asked for; `newer`: what it finds then, an error else."""

    def __init__(self, here: Binaries, newer: Binaries | InputError) -> None:
        self.here, self.newer = here, newer
        self.asked: list[int | None] = []

    def __call__(self, named: Any, *, say: Any, major: int | None) -> Binaries:
        self.asked.append(major)
        if major is None:
            return self.here
        if isinstance(self.newer, InputError):
            raise self.newer
        return self.newer


def test_a_folder_that_needs_a_newer_prometheus_gets_it_and_the_run_says_so(tmp_path: Path) -> None:
    finding = Finding(binaries(tmp_path / "2", "2.42.0", REFUSES), binaries(tmp_path / "3", "3.5.3"))
    said: list[str] = []
    found = programs_for(prepared(tmp_path), said.append, is_local=True, find=finding)
    assert found.prometheus.version == "3.5.3"
    assert finding.asked == [None, 3]
    assert said == [
        f"{NEW_KEY} (line 3), which Prometheus knows since 3.0; the promtool that was found is 2.42.0 (cache: "
        f"{tmp_path}/2/tool): Prometheus 3.5.3 and Alertmanager 0.33.1 judge in its place"
    ]


def test_a_newer_one_that_is_not_to_be_had_leaves_the_refusal_with_its_reason(tmp_path: Path) -> None:
    failed = InputError(what="not found: prometheus", where="the package manager: E: no network")
    finding = Finding(binaries(tmp_path / "2", "2.42.0", REFUSES), failed)
    said: list[str] = []
    with pytest.raises(InputError, match=f"{NEW_KEY} .line 3., which Prometheus knows since 3.0"):
        programs_for(prepared(tmp_path), said.append, is_local=True, find=finding)
    assert said == [
        "a newer Prometheus, which the files need, was not fetched: the package manager: E: no network"
    ]


def test_a_key_that_the_newer_one_has_no_more_leaves_the_refusal(tmp_path: Path) -> None:
    gone = REFUSES.replace(NEW_KEY, "scrape_classic_histograms")
    finding = Finding(binaries(tmp_path / "2", "2.42.0", gone), binaries(tmp_path / "3", "3.5.3", gone))
    with pytest.raises(InputError, match=r"knows since 2\.45; the promtool that was found is 2\.42\.0"):
        programs_for(
            prepared(tmp_path, key="scrape_classic_histograms"),
            lambda line: None,
            is_local=True,
            find=finding,
        )


def test_a_folder_without_such_a_key_asks_no_tool_before_the_run(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    finding = Finding(binaries(tmp_path / "2", "2.42.0", f"touch {asked}"), binaries(tmp_path / "3", "3.5.3"))
    wish = prepared(tmp_path, key="scrape_interval")
    assert programs_for(wish, lambda line: None, is_local=True, find=finding).prometheus.version == "2.42.0"
    assert not asked.exists()


def test_programs_that_somebody_named_are_not_replaced(tmp_path: Path) -> None:
    finding = Finding(binaries(tmp_path / "2", "2.42.0", REFUSES), binaries(tmp_path / "3", "3.5.3"))
    wish = prepared(tmp_path, binaries={"prometheus": tmp_path})
    found = programs_for(wish, lambda line: None, is_local=True, find=finding)
    assert (found.prometheus.version, finding.asked) == ("2.42.0", [None])  # what is too old is refused later


def test_containers_have_programs_of_their_own(tmp_path: Path) -> None:
    finding = Finding(binaries(tmp_path / "2", "2.42.0", REFUSES), binaries(tmp_path / "3", "3.5.3"))
    found = programs_for(prepared(tmp_path), lambda line: None, is_local=False, find=finding)
    assert (found.prometheus.version, finding.asked) == ("2.42.0", [None])


@pytest.mark.parametrize(
    ("image", "lines"),
    [
        (
            "${PROMETHEUS_IMAGE:-prom/prometheus:v3.5.3}",
            [
                "Prometheus 2.42.0 judges, the compose file pins v3.5.3: --prometheus-version 3 fetches that one"
            ],
        ),
        ("prom/prometheus:v2.53.0", []),
        ("prom/prometheus:latest", []),
        ("prom/prometheus", []),
    ],
)
def test_another_pinned_major_version_is_said_and_replaces_nothing(
    tmp_path: Path, image: str, lines: list[str]
) -> None:
    finding = Finding(binaries(tmp_path / "2", "2.42.0"), binaries(tmp_path / "3", "3.5.3"))
    said: list[str] = []
    found = programs_for(prepared(tmp_path, image), said.append, is_local=True, find=finding)
    assert (said, found.prometheus.version, finding.asked) == (lines, "2.42.0", [None])


def test_the_version_that_is_asked_for_is_found_and_nothing_is_said(tmp_path: Path) -> None:
    finding = Finding(binaries(tmp_path / "2", "2.42.0"), binaries(tmp_path / "3", "3.5.3"))
    said: list[str] = []
    wish = prepared(tmp_path, "prom/prometheus:v3.5.3", prometheus_version=3)
    found = programs_for(wish, said.append, is_local=True, find=finding)
    assert (found.prometheus.version, finding.asked, said) == ("3.5.3", [3], [])
