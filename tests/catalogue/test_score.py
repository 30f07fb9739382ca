"""The score of the set-up that ships: at night, since it judges hundreds of copies of it."""

from __future__ import annotations

import json

import pytest

from promproof.cli.program import main

LEAST = 80.0
pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.takes(300)]


def test_most_faults_of_the_files_that_ship_are_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["mutate", "--live", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["score"] >= LEAST, [each["fault"] for each in told["faults"] if each["fate"] == "missed"]
    assert not [each["fault"] for each in told["faults"] if each["fate"] == "unknown"]
