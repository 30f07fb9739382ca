"""Which contract a command takes when none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof import places

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ((), "monitoring"),
        (("promproof",), "promproof"),
        (("monitoring",), "monitoring"),
        (("monitoring", "promproof"), "monitoring"),
    ],
    ids=["none", "a draft", "the usual one", "both"],
)
def test_the_draft_is_read_where_the_monitoring_folder_has_no_contract(
    there: tuple[str, ...], taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in there:
        (tmp_path / name).mkdir()
        (tmp_path / name / "contract.yaml").write_text("contract: 1\nservice: s\n", encoding="utf-8")
    monkeypatch.setattr(places, "DEFAULT_MONITORING", tmp_path / "monitoring")
    monkeypatch.setattr(places, "DEFAULT_DRAFT", tmp_path / "promproof")
    assert places._contract() == tmp_path / taken / "contract.yaml"
