"""The judge of the proofs, for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.stack.binaries import find_binary


@pytest.fixture(scope="module")
def promtool() -> Path:
    return find_binary("promtool").path
