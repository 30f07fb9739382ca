"""What people see while a run goes on: on a terminal one line that is always the newest, in a pipe what happens."""

from __future__ import annotations

import io

import pytest

from promproof.report.progress import CLEAR, Progress

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pipe_has_a_line_for_each_thing_and_few_counts_of_requests() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, clock, 90.0) as progress:
        progress.say("starting the target")
        for second in range(0, 62, 2):
            clock.now = 100.0 + second
            progress.say(f"reconcile: {second * 10} requests sent")
        progress.say("  HighErrorRate: inactive -> pending")
    assert stream.getvalue().splitlines() == [
        "[   0.0 s] starting the target",
        "[   0.0 s] reconcile: 0 requests sent",
        "[  30.0 s] reconcile: 300 requests sent",
        "[  60.0 s] reconcile: 600 requests sent",
        "[  60.0 s]   HighErrorRate: inactive -> pending",
    ]


def test_a_terminal_has_the_newest_state_in_one_line_and_ends_with_a_clean_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, clock = Terminal(), Clock()
    with Progress(stream, clock, 90.0, width=100) as progress:
        progress.say("reconcile: starting Locust with reconcile.yaml")
        progress.say("reconcile: 700 requests sent")
        progress.say("drill: 42 requests sent")
        clock.now = 130.0
        progress.say("  HighErrorRate: inactive -> pending")
        assert (
            progress.line()
            == "30 s | about 60 s left | 742 requests | HighErrorRate pending | reconcile: starting Locust with ..."
        )
        progress.say("  HighErrorRate: firing -> inactive")
        clock.now = 200.0
        progress.say("judging")
        assert progress.line() == "100 s | longer than planned | 742 requests | judging"
    text = stream.getvalue()
    assert text.endswith(CLEAR)
    assert "requests sent" not in text
    kept = [part for part in text.split(CLEAR) if part.endswith("\n")]
    assert [line.partition("] ")[2].strip() for line in kept] == [
        "reconcile: starting Locust with reconcile.yaml",
        "HighErrorRate: inactive -> pending",
        "HighErrorRate: firing -> inactive",
        "judging",
    ]


def test_a_long_text_is_broken_between_words_on_a_terminal_and_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = "stack: processes, since an image is missing. prometheus: the image prom/prometheus is not here"
    stream, pipe = Terminal(), io.StringIO()
    with Progress(stream, Clock(), width=60) as progress:
        progress.say(text)
    assert [line.split("] ")[-1] for line in stream.getvalue().split(CLEAR)[1].splitlines()] == [
        "stack: processes, since an image is missing.",
        "           prometheus: the image prom/prometheus is not here",
    ]
    with Progress(pipe, Clock()) as progress:
        progress.say(text)
    assert pipe.getvalue() == f"[   0.0 s] {text}\n"


def test_a_dumb_terminal_is_taken_for_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Progress(stream, Clock()) as progress:
        progress.say("judging")
    assert stream.getvalue() == "[   0.0 s] judging\n"


def test_the_handler_of_a_signal_may_speak_while_something_is_said() -> None:
    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            if "first" in text:
                progress.say("interrupted by SIGINT: healing")
            return super().write(text)

    stream = Interrupting()
    progress = Progress(stream, Clock())
    progress.say("first")
    assert stream.getvalue().splitlines() == ["[   0.0 s] interrupted by SIGINT: healing", "[   0.0 s] first"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_line_is_never_longer_than_the_terminal(width: int) -> None:
    progress = Progress(io.StringIO(), Clock(), 1000.0, width)
    progress.say(f"run {'/long' * 60}")
    for number in range(30):
        progress.say(f"  Alert{number}: inactive -> firing")
    assert len(progress.line()) < width


def test_an_alert_that_flaps_is_told_once_and_counted_until_the_next_turn() -> None:
    stream = io.StringIO()
    with Progress(stream, Clock()) as progress:
        progress.say("Errors: raised, errors at 0.05")
        for _ in range(12):
            progress.say("  HighErrorRate: inactive -> pending")
            progress.say("  HighErrorRate: pending -> inactive")
        progress.say("  webhook <- HighErrorRate firing, answered 500")
        progress.say("  webhook <- HighErrorRate firing, answered 500")
        progress.say("  HighErrorRate: pending -> firing")
        progress.say("Errors: healed")
        progress.say("  HighErrorRate: inactive -> pending")
        progress.say("  HighErrorRate: inactive -> pending")
    assert [line.partition("] ")[2] for line in stream.getvalue().splitlines()] == [
        "Errors: raised, errors at 0.05",
        "  HighErrorRate: inactive -> pending",
        "  HighErrorRate: pending -> inactive",
        "  webhook <- HighErrorRate firing, answered 500",
        "  HighErrorRate: pending -> firing",
        "  HighErrorRate: 22 more changes of this kind, pending -> inactive the last",
        "  webhook <- HighErrorRate firing, answered 500, 1 more time",
        "Errors: healed",
        "  HighErrorRate: inactive -> pending",
        "  HighErrorRate: 1 more change of this kind, inactive -> pending the last",
    ]
