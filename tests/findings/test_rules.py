"""Every kind of finding about rules is seen in its example, and is silent about what its page says to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.finding import Finding
from promproof.findings.judging import judge
from promproof.findings.kind import KINDS

pytestmark = pytest.mark.unit
NAMES = [name for name in KINDS.names() if name.startswith("rule/")]
_FILE = re.compile(r"^# (\S+\.(?:ya?ml|md))\n", re.MULTILINE)


def files_of(text: str) -> dict[str, str]:
    """The files of an example: an expression, some rules, a rule file, or several files, each under its name."""
    if _FILE.match(text):
        parts = _FILE.split(text)[1:]
        return dict(zip(parts[::2], parts[1::2], strict=True))
    if text.startswith("groups:"):
        return {"rules.yml": text}
    rules = text if text.startswith("- ") else f"- alert: Example\n  expr: |-\n    {text}"
    return {
        "rules.yml": "groups:\n- name: example\n  rules:\n"
        + "".join(f"  {line}\n" for line in rules.splitlines())
    }


def found(folder: Path, text: str) -> list[Finding]:
    for name, content in files_of(text).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    judged = judge(discover([folder], folder), lambda rule: rule.startswith(("rule/", "file/")))
    assert not judged.unjudged
    return list(judged.findings)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_found(name: str, tmp_path: Path) -> None:
    (finding,) = [finding for finding in found(tmp_path, KINDS.get(name).example) if finding.rule == name]
    assert finding.line
    assert all((finding.message, finding.effect, finding.todo, finding.see))


@pytest.mark.parametrize("name", NAMES)
def test_what_its_page_says_to_write_has_no_finding(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, KINDS.get(name).instead) == []
