"""Units as Grafana writes them: its own formatting (npm `@grafana/data` 12.2.0), asked once, is the oracle.

`units/grafana.mjs` says how units/grafana.json was made. Where a page of ours departs from it, this file says how.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promproof.report.page.scales import shown

pytestmark = pytest.mark.unit
ROWS: list[tuple[str, float, str, str, str]] = [
    tuple(row) for row in json.loads((Path(__file__).parent / "units" / "grafana.json").read_text("utf-8"))
]
NUMBER = re.compile(r"-?[0-9.]+(?:e-?\d+)?")
SHORTER = {"mins": "min", "hour": "h", "hours": "h", "day": "d", "days": "d", "weeks": "d", "years": "d"}
"""Words of durations, which tables of ours have no room for; what is longer than a week stays in days."""
DAYS = {"weeks": 7.0, "years": 365.2422}
THOUSANDS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
"""Money and events are written in full: 1500 requests a second are not 1.5K."""


def parts(text: str) -> tuple[float, str]:
    """The number of a text, with a sign that stands before the currency, and what stands around it."""
    plain = text.replace(",", "").replace("-$", "$-")
    found = NUMBER.search(plain)
    assert found is not None
    return float(found[0]), NUMBER.sub("", plain, count=1).strip()


def wanted(dimension: str, text: str) -> tuple[float, str]:
    """What Grafana writes, in the words of the page."""
    number, unit = parts(text)
    if dimension == "seconds":
        return number * DAYS.get(unit, 1.0), SHORTER.get(unit, unit)
    if dimension == "USD":
        return number * THOUSANDS.get(unit.removeprefix("$"), 1.0), "$"
    if dimension == "events per second":
        return number * THOUSANDS.get(unit.removesuffix("req/s").strip(), 1.0), "/s"
    return number, unit


@pytest.mark.parametrize("dimension", sorted({row[0] for row in ROWS}))
def test_a_value_has_the_number_and_the_unit_that_grafana_gives_it(dimension: str) -> None:
    mine = [row for row in ROWS if row[0] == dimension]
    assert len(mine) == 35
    for _, value, prefix, text, suffix in mine:
        number, unit = wanted(dimension, f"{prefix}{text}{suffix}")
        said, written = parts(shown(value, dimension, 9))
        assert written == unit, value
        assert said == pytest.approx(number, rel=1e-5, abs=1.1e-6), value


def test_a_sign_stands_before_the_currency() -> None:
    assert [shown(value, "USD") for value in (-1.5, 0.0, 2.25)] == ["-$1.5", "$0", "$2.25"]
