"""A target that is restarted while others are asked is taken down with everything else."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial

import pytest

from promproof.run.main import end_restart
from promproof.run.static import in_background

pytestmark = pytest.mark.unit


def test_a_restart_that_still_goes_on_is_ended_by_killing_the_target() -> None:
    killed = threading.Event()

    def restart() -> None:
        killed.wait(60)

    restarting = in_background(restart, "restart")
    end_restart(restarting, killed.set)
    assert restarting.done()


def test_a_target_that_has_restarted_is_not_killed() -> None:
    done: Future[None] = Future()
    done.set_result(None)
    end_restart(done, partial(pytest.fail, "it was killed"))
