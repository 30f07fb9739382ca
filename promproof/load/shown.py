"""Headers that a target is shown by all who ask it; Locust has them from its environment, as commands can be read."""

from __future__ import annotations

import json
import os

from promproof.http import access_of

VARIABLE = "PROMPROOF_TARGET_HEADERS"


def shown_in_environment(target: str) -> dict[str, str]:
    """The variable for a Locust process; nothing where the target is shown nothing."""
    headers = access_of(target).headers
    return {VARIABLE: json.dumps(dict(headers))} if headers else {}


def shown() -> dict[str, str]:
    """The headers that this process was handed."""
    return dict(json.loads(os.environ.get(VARIABLE) or "{}"))
