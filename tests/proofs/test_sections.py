"""promtool's word about several test files, of both kinds of its output."""

from pathlib import Path

import pytest

from promproof.proofs.asking import Judge
from promproof.proofs.questions import Question
from promproof.proofs.sections import sections

REFUSED = """  FAILED:
    expr: "(up) + 0 * 0", time: 1m,
        exp: {} -9.87654321E+04
        got: {job="x"} 0E+00

"""
PASSED = "  SUCCESS\n\n"
OLD = f"Unit Testing:  /tmp/0-tests.json\n{REFUSED}\nUnit Testing:  /tmp/1-tests.json\n{PASSED}"
NEW = f"{REFUSED}\n{PASSED}{REFUSED}"


def test_each_file_is_headed_by_its_name_before_prometheus_3() -> None:
    first, second = sections(OLD)
    assert "got: {job" in first
    assert "SUCCESS" in second
    assert "FAILED" not in second


def test_each_file_begins_with_how_it_ended_since_prometheus_3() -> None:
    first, second, third = sections(NEW)
    assert first.startswith("  FAILED:")
    assert "got: {job" in first
    assert second.strip() == "SUCCESS"
    assert "got: {job" in third


def test_a_program_that_broke_off_says_nothing_of_the_rest() -> None:
    assert sections("panic: runtime error\n\ngoroutine 1 [running]:\n") == []
    assert len(sections(REFUSED + "panic: runtime error\n")) == 1


@pytest.mark.parametrize("heading", ["Unit Testing:  $file\n", ""])
def test_a_question_gets_its_own_answer_from_either_kind_of_promtool(tmp_path: Path, heading: str) -> None:
    promtool = tmp_path / "promtool"  # prints as the real one does, of whichever version
    told = heading.replace("$file", "${file}")
    promtool.write_text(
        "#!/bin/sh\nshift 2\nfor file; do\n"
        f"printf '%s' \"{told}\"\n"
        'value=$(grep -o "AT[0-9]*" "$file" | head -1 | tr -d AT)\n'
        "printf '  FAILED:\\n    expr: \"x + 0 * 0\", time: 1m,\\n        exp: {} 1E+00\\n'\n"
        "printf '        got: {} %s\\n\\n\\n' \"$value\"\ndone\nexit 1\n"
    )
    promtool.chmod(0o700)
    asked = [
        Question([{"series": f"AT{n}", "values": "0x1"}], [("x", 60.0)], [], 15.0, 15.0) for n in range(6)
    ]
    replies = Judge(promtool).ask(asked)
    assert [reply.values for reply in replies] == [[[float(n)]] for n in range(6)]
