"""Two of the services by rotation, as pytest's `-k` takes them: `python -m tests.services.today [YYYY-MM-DD]`.

All of them are run every night; the gate runs two, others every day, so that each is seen every few days.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

from tests.services.environment import NAMES

A_DAY = 1


def names(day: date) -> tuple[str, ...]:
    """The services of a day."""
    first = day.toordinal() * A_DAY
    return tuple(NAMES[(first + number) % len(NAMES)] for number in range(A_DAY))


if __name__ == "__main__":
    day = date.fromisoformat(sys.argv[1]) if sys.argv[1:] else datetime.now(UTC).date()
    sys.stdout.write(" or ".join(names(day)) + "\n")
