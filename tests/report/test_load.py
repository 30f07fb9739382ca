"""The table of a load session: no column is lost on a narrow terminal, and a target that is not there is named."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from promproof.load.judgement import Judgement, Outcome
from promproof.load.result import LoadResult
from promproof.report import load
from promproof.report.load import HEADS
from promproof.report.page.document import page
from promproof.report.page.subject import Subject
from tests.load.test_judgement import MadeUp
from tests.report.stored import Reader

pytestmark = pytest.mark.unit
LONG = "/api/v1/pipelines/{pipeline_id}/executions/{execution_id}"
REFUSED = {
    "method": "GET",
    "endpoint": "/a",
    "what": "could not be sent",
    "count": 3,
    "example": "/a Connection refused",
}


def session(run: MadeUp) -> LoadResult:
    about = {"scenario": "made up", "target": "http://127.0.0.1:8000", "started": ""}
    judgements = [Judgement("p95 < 250ms", Outcome.PASS, "1.0 ms in all, " + "and much more " * 9)]
    return LoadResult(run.account, "run", about, judgements, [])


def shown(run: MadeUp, width: int = 180, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=terminal, color_system=None, legacy_windows=False
    )
    load.show(session(run), console)
    return stream.getvalue()


def answered() -> MadeUp:
    run = MadeUp("errors == 0")
    run.ends(1.0, latency=1.2345, n=12345, path=LONG)
    run.ends(2.0, status=503, n=7, path=LONG)
    run.over(generator={"planned": 1, "sent": 1, "missed": 0, "lag_p99_seconds": None, "cpu": 0.1})
    return run


@pytest.mark.parametrize(
    ("width", "terminal"), [(80, True), (100, True), (180, True), (80, False), (180, False)]
)
def test_every_column_and_value_is_whole(width: int, terminal: bool) -> None:
    text = shown(answered(), width, terminal=terminal)
    heads = [word for line in text.splitlines() if line.startswith("endpoint") for word in line.split()]
    assert [word for word in heads if word != "endpoint"] == list(HEADS)
    assert "200:12345 503:7" in text
    assert text.count(" ms") >= 12
    if terminal:
        assert max(len(line) for line in text.splitlines() if "x 200" not in line) <= width


def test_what_was_not_sent_is_reported_with_its_reason_and_what_to_do() -> None:
    run = MadeUp("errors == 0")
    run.ends(1.0, status=0, n=3)
    run.over(surprises=[REFUSED])
    text = shown(run)
    assert "unexpected: 3 x GET /a: could not be sent; the first: /a Connection refused" in text
    assert (
        "nobody answers at http://127.0.0.1:8000: start the target, or name another with --target URL" in text
    )


def test_what_is_told_below_the_tables_is_broken_between_words_on_a_terminal_and_whole_in_a_pipe() -> None:
    run = MadeUp("errors == 0")
    run.ends(1.0, status=0, n=3)
    run.over(surprises=[REFUSED])
    told = "unexpected: 3 x GET /a: could not be sent; the first: /a Connection refused"
    assert told in shown(run, 60, terminal=False).splitlines()
    assert ("and much more " * 9).strip() in shown(run, 60, terminal=False)
    lines = shown(run, 60, terminal=True).splitlines()
    assert max(len(line) for line in lines) <= 60
    assert told in " ".join(line.strip() for line in lines)


def test_a_target_that_answers_is_not_said_to_be_away() -> None:
    assert "nobody answers" not in shown(answered())


def test_the_page_of_a_session_has_its_curves_its_endpoints_and_its_generator() -> None:
    result = session(answered())
    text = page(Subject("load-1", result.verdicts, course=load.course(result)))
    found = Reader(text)
    assert not found.wrong
    assert [picture.title for picture in load.course(result).pictures] == [
        "answers per second",
        "errors per second",
        "latency from the due time",
        "generator",
    ]
    assert "Generator:" in found.text
    assert LONG in found.text
    assert load.headline(result) in found.text
    assert "pass</span> <bdi>made up against http://127.0.0.1:8000</bdi></h1>" in text
    assert "promproof judge" not in found.text, "a session keeps no history that could be judged again"
