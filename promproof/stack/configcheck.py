"""What promtool and amtool say about configuration files. They judge what loads, not what works.

Their answer is a list of findings, empty when they accept the file: a refused file is evidence, not a crash.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from promproof.config.folder import Finding

_SECONDS = 60


def check_prometheus_config(promtool: Path, config: Path) -> list[Finding]:
    """`promtool check config`: the configuration and the rule files that it names."""
    return _findings([str(promtool), "check", "config", str(config)], str(config))


def check_rule_files(promtool: Path, files: Sequence[Path]) -> list[Finding]:
    """`promtool check rules` for each file."""
    return [
        finding
        for file in files
        for finding in _findings([str(promtool), "check", "rules", str(file)], str(file))
    ]


def check_alertmanager_config(amtool: Path, config: Path) -> list[Finding]:
    """`amtool check-config`."""
    return _findings([str(amtool), "check-config", str(config)], str(config))


def _findings(command: list[str], file: str) -> list[Finding]:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return []
    lines = [line.strip() for line in done.stdout.decode(errors="replace").splitlines()]
    told = [line for line in lines if line and "SUCCESS" not in line and not line.startswith("Checking ")]
    return [Finding(file, "", line.removeprefix("FAILED: ")) for line in told if line != "FAILED:"] or [
        Finding(file, "", f"{Path(command[0]).name} ended with exit status {done.returncode}")
    ]
