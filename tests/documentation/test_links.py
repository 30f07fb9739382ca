"""Every relative link of every page leads to a file that exists, and to an anchor that is in it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from promproof.contract.documentation import parse

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def broken_links(path: Path) -> list[str]:
    """Place, target and trouble of each link that leads nowhere; links to other hosts are not followed."""
    page = parse(path)
    broken = []
    for link in page.links:
        parts = urlsplit(link.target)
        if parts.scheme or parts.netloc:
            continue
        target = path.parent / unquote(parts.path) if parts.path else path
        if not target.exists():
            broken.append(f"{page.where(link.line)}: {link.target}: no such file")
        elif parts.fragment and target.suffix == ".md" and parts.fragment not in parse(target).anchors:
            broken.append(f"{page.where(link.line)}: {link.target}: no such anchor")
    return broken


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    assert broken_links(path) == []


@pytest.mark.parametrize(
    ("target", "trouble"),
    [
        ("gone.md", "no such file"),
        ("#gone", "no such anchor"),
        ("other.md#gone", "no such anchor"),
        ("other%20file.md", "no such file"),
    ],
)
def test_a_broken_link_is_reported_with_its_line(tmp_path: Path, target: str, trouble: str) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# There\n", encoding="utf-8")
    page.write_text(f"# Here\n\n[a](#here) [b](other.md#there) [c](https://a.example/x)\n[d]({target})\n")
    assert broken_links(page) == [f"{page}:4: {target}: {trouble}"]
