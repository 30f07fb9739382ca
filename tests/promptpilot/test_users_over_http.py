"""Active users over HTTP, with a window short enough to age out in a test."""

import pytest

from tests.promptpilot.conftest import StartApi
from tests.promptpilot.support import eventually

pytestmark = pytest.mark.stack


def test_users_are_distinct_and_age_out(start_api: StartApi) -> None:
    api = start_api({"PROMPTPILOT_ACTIVE_USERS_WINDOW": "30s"})
    for user in ("ada", "bob", "ada"):
        api.call("GET", "/health", headers={"X-User-ID": user})
    api.call("GET", "/nowhere", headers={"X-User-ID": "eve"})
    api.call("GET", "/metrics", headers={"X-User-ID": "prometheus"})
    assert api.scrape().value("active_users") == 3
    short = start_api({"PROMPTPILOT_ACTIVE_USERS_WINDOW": "50ms"})
    short.call("GET", "/health", headers={"X-User-ID": "ada"})
    eventually(lambda: short.scrape().value("active_users"), lambda users: users == 0, "the user to age out")
