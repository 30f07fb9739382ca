"""All loads of a run end with it, whatever comes between."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from promproof.drills.batching import Load, Stage
from promproof.run import loads
from promproof.run.loads import Loads

pytestmark = pytest.mark.unit


class Sending:
    """A load whose end is interrupted, if it is the first one."""

    ended: list[str]

    def __init__(self, settings: Any, *_: Any) -> None:
        self.settings = settings

    def start(self) -> None: ...

    def stop(self) -> None:
        self.ended.append(self.settings.name)
        if self.settings.name == "first":
            raise KeyboardInterrupt("SIGINT")


def test_ctrl_c_while_one_load_is_ended_leaves_no_other_one_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "Traffic", Sending)
    Sending.ended = []
    bench = SimpleNamespace(
        pace=SimpleNamespace(bin_seconds=0.1),
        service=SimpleNamespace(url="http://127.0.0.1:1"),
        tools=SimpleNamespace(journal=None),
    )
    ground = SimpleNamespace(folder=tmp_path, history=None, say=lambda text: None)
    stage = Stage((), tuple(Load(tmp_path / f"{name}.yaml", 10.0) for name in ("first", "second", "third")))
    started = Loads(cast(Any, ground), cast(Any, bench), [stage])
    started.start()
    with pytest.raises(KeyboardInterrupt):
        started.stop()
    assert Sending.ended == ["first", "second", "third"]
