"""A load model from a plugin folder, played by the process that sends, and its verdicts as JUnit."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.load.conftest import LoadSessions
from tests.load.target import Target
from tests.test_contributing import SCENARIO, example

pytestmark = [pytest.mark.stack, pytest.mark.takes(2)]


def test_a_scenario_with_a_load_model_of_a_plugin_folder_is_played_and_judged(
    sessions: LoadSessions, target: Target, tmp_path: Path
) -> None:
    plugins, xml = tmp_path / "plugins", tmp_path / "out" / "load.xml"
    plugins.mkdir()
    (plugins / "bursts.py").write_text(example("bursts.py"), encoding="utf-8")
    scenario = SCENARIO.replace("GET /", "GET /things")
    session = sessions.start(scenario, "--plugins", str(plugins), "--junit", str(xml))
    status, said = session.end()
    assert status == 0, said
    assert target.counts["GET", "/things", 200] == 3
    (suite,) = ElementTree.parse(xml).getroot()
    assert {(row.get("classname"), row.get("name")) for row in suite} == {("burst", "unexpected == 0")}
