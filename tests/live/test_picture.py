"""The picture of the web UI's page in the documentation is one of the page as it is drawn today."""

from __future__ import annotations

import pytest

from tests.browser.demo_picture import PICTURE, fingerprint
from tests.browser.picture import written

pytestmark = pytest.mark.unit


def test_the_picture_of_the_page_is_not_older_than_what_draws_it() -> None:
    assert written(PICTURE.read_bytes()) == fingerprint(), "python -m tests.browser.demo_picture"
