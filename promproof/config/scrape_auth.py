"""With what a scrape job identifies itself, for readings that must be let in where Prometheus is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promproof.config import usertext
from promproof.config.usertext import Mistake


def authorization(job: Mapping[str, Any], folder: Path) -> str:
    """The Authorization header of a scrape job; empty for a job without one, or with a file that can't be read.

    folder: that of the file in which the job stands, for files that it names.
    """
    basic = job.get("basic_auth")
    if isinstance(basic, Mapping):
        user = f"{basic.get('username', '')}:{_secret(basic, 'password', folder)}"
        return f"Basic {base64.b64encode(user.encode()).decode()}"
    given = job.get("authorization")
    if isinstance(given, Mapping):
        secret = _secret(given, "credentials", folder)
        return f"{given.get('type', 'Bearer')} {secret}" if secret else ""
    token = _secret(job, "bearer_token", folder)
    return f"Bearer {token}" if token else ""


def _secret(given: Mapping[str, Any], key: str, folder: Path) -> str:
    """The secret itself, or the content of the file that is named instead."""
    if key in given:
        return str(given[key])
    try:
        return usertext.read(folder / str(given[f"{key}_file"])).strip()
    except (KeyError, Mistake):
        return ""
