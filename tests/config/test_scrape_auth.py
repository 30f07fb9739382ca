"""A reading identifies itself as the scrape job does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.config.scrape_auth import authorization

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("job", "header"),
    [
        ({}, ""),
        ({"basic_auth": {"username": "me", "password": "secret"}}, "Basic bWU6c2VjcmV0"),
        ({"basic_auth": {"username": "me", "password_file": "token"}}, "Basic bWU6ZnJvbSBmaWxl"),
        ({"authorization": {"credentials": "abc"}}, "Bearer abc"),
        ({"authorization": {"type": "Token", "credentials_file": "token"}}, "Token from file"),
        ({"authorization": {"credentials_file": "nowhere"}}, ""),
        ({"bearer_token": "abc"}, "Bearer abc"),
        ({"bearer_token_file": "token"}, "Bearer from file"),
    ],
)
def test_the_header_is_that_of_the_job(job: dict[str, Any], header: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from file\n", encoding="utf-8")
    assert authorization(job, tmp_path) == header
