"""Plugins by entry points are found without importlib.metadata, wherever Python's own packages are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from promproof import plugins

pytestmark = pytest.mark.unit
ENTRY = f"[{plugins.GROUP}]\nmine = my_plugin\n"


@pytest.mark.parametrize(
    ("file", "text", "is_found"),
    [
        ("mine-1.dist-info/entry_points.txt", ENTRY, True),
        ("mine.egg-info/entry_points.txt", ENTRY, True),
        ("EGG-INFO/entry_points.txt", ENTRY, True),
        ("mine-1.dist-info/entry_points.txt", "[console_scripts]\na = b\n", False),
        ("mine-1.dist-info/METADATA", "Name: mine\n", False),
    ],
    ids=["dist-info", "egg-info", "egg", "another group", "no entries"],
)
def test_an_installed_entry_point_is_seen(
    file: str, text: str, is_found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine-1.egg" if file.startswith("EGG") else tmp_path
    path = folder / file
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    (path.parent / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(folder), str(tmp_path / "not there")])
    found = plugins._entries()
    assert [entry.name for entry in found] == (["mine"] if is_found else [])


def test_an_archive_of_modules_may_have_entry_points(tmp_path: Path) -> None:
    (tmp_path / "packages.zip").write_bytes(b"")
    assert plugins._may_have_entries(str(tmp_path / "packages.zip"))
