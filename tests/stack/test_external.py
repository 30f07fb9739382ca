"""A stack that is running already: it is only looked at."""

from collections.abc import Iterator

import pytest

from promproof.config.timescale import TimeScale
from promproof.errors import InputError
from promproof.stack.binaries import Binaries
from promproof.stack.external import ExternalStack
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports
from promproof.stack.processes import Configure, ProcessStack
from promproof.stack.protocol import Endpoints, Stack, Status

pytestmark = pytest.mark.stack


@pytest.fixture
def running(
    binaries: Binaries, configure: Configure, tmp_path_factory: pytest.TempPathFactory, journal: Journal
) -> Iterator[ProcessStack]:
    work = tmp_path_factory.mktemp("work")
    with ProcessStack(binaries, configure, work, TimeScale(60), journal) as stack:
        yield stack


def test_a_running_stack_is_neither_started_stopped_nor_changed(running: ProcessStack) -> None:
    pids = [running.pid(name) for name in running.states()]
    with ExternalStack(running.endpoints) as external:
        stack: Stack = external
        assert stack.endpoints == running.endpoints
        assert {state.status for state in stack.states().values()} == {Status.FOREIGN}
        assert stack.log_tail("prometheus") == []
        stack.raise_if_dead()
        for action in (stack.stop, stack.kill, stack.start, stack.reload):
            with pytest.raises(InputError, match="alertmanager can't be") as caught:
                action("alertmanager")
            assert "--stack external" in str(caught.value)
    assert [running.pid(name) for name in running.states()] == pids


def test_only_the_given_components_are_asked_for(running: ProcessStack) -> None:
    with ExternalStack(Endpoints(running.endpoints.prometheus)) as stack:
        assert list(stack.states()) == ["prometheus"]


def test_a_url_at_which_nobody_answers_is_refused() -> None:
    url = f"http://127.0.0.1:{allocate_ports(1)[0]}"
    stack = ExternalStack(Endpoints(url), ready_seconds=0.1)
    with pytest.raises(InputError, match="prometheus is not ready") as caught:
        stack.__enter__()
    assert caught.value.where == url
    assert "takes no connections" in str(caught.value)
