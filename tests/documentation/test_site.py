"""The documentation is a site whose every link leads somewhere; the same pages are read in the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from docs.site.hooks import with_links, with_pipes, with_titles
from promproof.cli.program import main

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
IN_NAVIGATION = re.compile(r"(?:: |- )([a-zA-Z/-]+\.md)$", re.MULTILINE)
GENERATED = {"contributing.md", "changelog.md"}


def test_every_page_is_in_the_navigation() -> None:
    named = set(IN_NAVIGATION.findall((ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    there = {path.name for path in ROOT.glob("docs/*.md")} | {"checks/README.md"} | GENERATED
    assert named == there | {f"commands/{path.name}" for path in ROOT.glob("docs/commands/*.md")}


@pytest.mark.parametrize(
    ("source", "link", "turned"),
    [
        ("docs/load.md", "[how](drills.md#claims)", "[how](drills.md#claims)"),
        ("docs/load.md", "[start](../README.md#quick-start)", "[start](index.md#quick-start)"),
        ("docs/load.md", "[a kind](../CONTRIBUTING.md#a-fault)", "[a kind](contributing.md#a-fault)"),
        ("docs/checks/rule/le-dropped.md", "[all](../README.md)", "[all](../README.md)"),
        ("docs/checks/rule/le-dropped.md", "[keep](../../check.md#a)", "[keep](../../check.md#a)"),
        ("CONTRIBUTING.md", "[drills](docs/drills.md)", "[drills](drills.md)"),
        ("docs/prove.md", "[figures](../benchmarks/prove.md)", "figures (`benchmarks/prove.md`)"),
        ("docs/prove.md", "[gone](gone.md#x)", "[gone](gone.md#x)"),
        ("docs/prove.md", "![a picture](report.png)", "![a picture](report.png)"),
        (
            "docs/prove.md",
            "[elsewhere](https://prometheus.io/docs)",
            "[elsewhere](https://prometheus.io/docs)",
        ),
        ("docs/prove.md", "[below](#units)", "[below](#units)"),
    ],
)
def test_a_link_of_the_repository_is_turned_to_the_site(source: str, link: str, turned: str) -> None:
    assert with_links(f"See {link}.", PurePosixPath(source)) == f"See {turned}."


def test_the_name_of_an_example_is_its_title() -> None:
    page = "```promql HighErrorRate\nup\n```\n\n```yaml\na: 1\n```\n"
    assert with_titles(page) == page.replace("promql HighErrorRate", 'promql title="HighErrorRate"')


def test_a_pipe_in_the_code_of_a_table_has_no_backslash_and_nothing_else_changes() -> None:
    row = r"| `--stack auto\|processes` | one \| two | `a\|b` |"
    assert with_pipes(f"`a\\|b`\n{row}\n") == "`a\\|b`\n| `--stack auto|processes` | one \\| two | `a|b` |\n"


def built(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(out)],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.nightly
def test_the_site_is_built_and_a_link_that_leads_nowhere_ends_it(tmp_path: Path) -> None:
    for name in ("mkdocs.yml", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("docs", "benchmarks", "monitoring"):
        shutil.copytree(ROOT / name, tmp_path / name)
    good = built(tmp_path, tmp_path / "site")
    assert good.returncode == 0, good.stdout + good.stderr
    assert (tmp_path / "site" / "checks" / "rule" / "le-dropped" / "index.html").is_file()
    harness = (tmp_path / "site" / "harness" / "index.html").read_text(encoding="utf-8")
    assert "<code>--stack auto|processes|containers|external</code>" in harness
    page = tmp_path / "docs" / "faq.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n[gone](nowhere.md)\n", encoding="utf-8")
    broken = built(tmp_path, tmp_path / "broken")
    assert broken.returncode != 0
    assert "nowhere.md" in broken.stdout + broken.stderr


def test_the_manifest_of_the_kubernetes_page_has_the_finding_that_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    manifest = re.search(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert manifest is not None
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "shop.yaml").write_text(manifest[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["check", "manifests/"]) == 1
    said = capsys.readouterr().out
    shown = re.findall(
        r"^    (manifests/shop\.yaml:.*?|    (?:effect|to do): .*?)(?: \.\.\.)?$", text, re.MULTILINE
    )
    assert len(shown) == 3
    for line in shown:
        assert line in said
    assert "1 error in 1 file" in said
