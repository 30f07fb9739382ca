"""The alerts that the main job leaves out: named in a line, and driven after it where the user says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.cli import drill, everydrill
from promproof.errors import InputError
from promproof.places import DEFAULT_CONTRACT

pytestmark = pytest.mark.unit
SMALL = """
contract: 1
service: s
alerts: [{name: Queue}, {name: Disk}]
"""

PROVEN = "docs/drills.md; alert/NAME/boundary is what their rules do in virtual time"


def given(contract: Path = DEFAULT_CONTRACT, **more: Any) -> dict[str, Any]:
    return {"contract": contract, "no_drill": False, "drill": None, "reports": contract.parent, **more}


def test_each_alert_that_is_not_driven_is_named_with_what_drives_it() -> None:
    line, others = everydrill.not_driven(given())
    assert line.startswith("not taken live: ")
    assert line.endswith(" (--drill all does it)")
    assert "SlowResponses" in line
    assert "HighErrorRate" not in line
    assert "Watchdog" in others
    assert others.endswith(" (promproof drill NAME does it)")
    assert "DiskWillFill" in others
    assert "HighErrorRate" in everydrill.not_driven(given(no_drill=True))[0]


def test_alerts_without_a_drill_are_named_apart(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(SMALL, encoding="utf-8")
    assert everydrill.not_driven(given(contract)) == [f"without a drill: Queue, Disk ({PROVEN})"]
    with pytest.raises(InputError, match="names no drill"):
        everydrill.check(given(contract, drill="all"))


def test_another_word_is_refused_before_anything_starts() -> None:
    with pytest.raises(InputError, match="'most' is not known here"):
        everydrill.check(given(drill="most"))
    everydrill.check(given(drill="all"))


@pytest.mark.parametrize(
    ("main", "drills", "together"),
    [
        pytest.param(0, 0, 0, id="both green"),
        pytest.param(0, 1, 1, id="a drill failed"),
        pytest.param(1, 2, 1, id="a failure counts for more than what is unknown"),
        pytest.param(0, 2, 2, id="a drill is unknown"),
        pytest.param(4, 0, 4, id="nothing was started, nothing is driven"),
    ],
)
def test_the_status_is_the_worse_of_both_runs(
    main: int, drills: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def run(values: dict[str, Any]) -> int:
        seen.append(values)
        return drills

    monkeypatch.setattr(drill, "run", run)
    assert everydrill.after(given(drill="all", strict=True), main) == together
    assert len(seen) == (main != 4)
    for values in seen:
        assert values["drills"] == DEFAULT_CONTRACT.parent / "../scenarios/drills"
        assert values["strict"] is True
        assert (values["names"], values["all"], values["recover"]) == ((), False, False)


def test_drafted_drills_are_named_with_the_command_that_plays_them(
    tmp_path: Path,
) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text("contract: 1\nservice: s\nalerts: [{name: Down}, {name: Slow}]\n", encoding="utf-8")
    (tmp_path / "drills").mkdir()
    drill = "drill: 1\nname: Down\nalert: Down\nfault: {kind: killed}\n"
    (tmp_path / "drills" / "Down.yaml").write_text(drill, encoding="utf-8")
    assert everydrill.not_driven(given(contract)) == [
        "not taken live: Down (promproof drill does it)",
        f"without a drill: Slow ({PROVEN})",
    ]
