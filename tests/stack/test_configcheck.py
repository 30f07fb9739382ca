"""What promtool and amtool say: nothing about good files, the place of the mistake about broken ones."""

from pathlib import Path

import pytest

from promproof.render.monitoring import Rendered
from promproof.stack.binaries import Binaries
from promproof.stack.configcheck import check_alertmanager_config, check_prometheus_config, check_rule_files
from promproof.stack.processes import Configure, Ports

pytestmark = pytest.mark.stack


@pytest.fixture
def rendered(configure: Configure) -> Rendered:
    return configure(Ports(10001, 10002, 10003))


def break_file(file: Path | None) -> Path:
    assert file is not None
    file.write_text(f"{file.read_text()}\nnonsense: true\n")
    return file


def test_good_files_have_no_finding(binaries: Binaries, rendered: Rendered) -> None:
    assert rendered.alertmanager_config is not None
    assert check_prometheus_config(binaries.promtool.path, rendered.prometheus_config) == []
    assert check_rule_files(binaries.promtool.path, rendered.rule_files) == []
    assert check_alertmanager_config(binaries.amtool.path, rendered.alertmanager_config) == []


def test_a_broken_prometheus_configuration_is_a_finding(binaries: Binaries, rendered: Rendered) -> None:
    file = break_file(rendered.prometheus_config)
    findings = check_prometheus_config(binaries.promtool.path, file)
    assert [finding.file for finding in findings] == [str(file)] * len(findings)
    assert "field nonsense not found" in " ".join(finding.message for finding in findings)


def test_a_broken_rule_file_is_a_finding(binaries: Binaries, rendered: Rendered) -> None:
    break_file(rendered.rule_files[0])
    for findings in (
        check_rule_files(binaries.promtool.path, rendered.rule_files),
        check_prometheus_config(binaries.promtool.path, rendered.prometheus_config),
    ):
        assert "field nonsense not found" in " ".join(finding.message for finding in findings)


def test_a_broken_alertmanager_configuration_is_a_finding(binaries: Binaries, rendered: Rendered) -> None:
    file = break_file(rendered.alertmanager_config)
    findings = check_alertmanager_config(binaries.amtool.path, file)
    assert "field nonsense not found" in " ".join(finding.message for finding in findings)


def test_a_tool_that_fails_without_a_word_is_a_finding(tmp_path: Path) -> None:
    tool = tmp_path / "promtool"
    tool.write_text("#!/bin/sh\nexit 3\n")
    tool.chmod(0o755)
    (finding,) = check_prometheus_config(tool, tmp_path / "prometheus.yml")
    assert finding.message == "promtool ended with exit status 3"
