"""Files of Alertmanager in one text, and what is found in them."""

# ruff: noqa: E501  (files in flow style: one thing, one line)

from __future__ import annotations

import re
from pathlib import Path

from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge

_FILE = re.compile(r"^# (\S+\.(?:ya?ml|tmpl))$", re.MULTILINE)


def written(folder: Path, text: str) -> None:
    """Write the files of an example: each begins with its name as a comment; without one it is alertmanager.yml."""
    _, *parts = _FILE.split(text if _FILE.match(text) else f"# alertmanager.yml\n{text}")
    for name, content in zip(parts[::2], parts[1::2], strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def found(folder: Path, text: str) -> list[Finding]:
    written(folder, text)
    setup = discover([folder], folder)
    assert not setup.troubles
    judged = judge(setup, lambda rule: rule.startswith("alertmanager/"))
    assert not judged.unjudged
    return list(judged.findings)


def rules(findings: list[Finding], least: Severity = Severity.WARNING) -> list[str]:
    return [finding.rule for finding in findings if finding.severity.rank <= least.rank]


PROMETHEUS = """# prometheus.yml
rule_files: [rules.yml]
# rules.yml
groups:
- name: kiosk
  rules:
  - {alert: Refusals, expr: 'sum(rate(refused_total[2m])) / sum(rate(orders_total[2m])) > 0.2', labels: {severity: page, team: till}}
"""
BOTH = "[{name: attic, webhook_configs: [{url: 'http://attic'}]}, {name: counter, webhook_configs: [{url: 'http://counter'}]}]"
INHIBITED = f"""# alertmanager.yml
route: {{receiver: attic}}
inhibit_rules: [{{source_matchers: ['severity="info"'], target_matchers: ['severity="page"'], equal: [building]}}]
receivers: {BOTH}
"""
