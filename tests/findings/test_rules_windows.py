"""Records of one name over several windows: the one that selects otherwise is told, other differences are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.ruletexts import found

pytestmark = pytest.mark.unit
KIND = "rule/recorded-otherwise"
ERRORS = (
    "sum by (job) (rate(http_requests_total{status=~'5..'}[W])) / sum by (job) (rate(http_requests_total[W]))"
)


def rules(**expressions: str) -> str:
    """Records `job:errors:ratioWINDOW` of these expressions, in which W is the window."""
    listed = "".join(
        f'  - record: job:errors:ratio{window}\n    expr: "{text.replace("W", window)}"\n'
        for window, text in ((name.removeprefix("w"), expression) for name, expression in expressions.items())
    )
    return f"groups:\n- name: slo\n  rules:\n{listed}"


def said(folder: Path, text: str) -> list[str]:
    return [finding.message for finding in found(folder, text) if finding.rule == KIND]


def test_the_one_that_selects_something_else_is_told(tmp_path: Path) -> None:
    (message,) = said(tmp_path, rules(w5m=ERRORS, w1h=ERRORS.replace("5..", "4.."), w6h=ERRORS))
    assert message.startswith("job:errors:ratio1h selects {")
    assert "4.." in message


def test_letters_in_brackets_are_part_of_what_is_selected(tmp_path: Path) -> None:
    several = ERRORS.replace("5..", "[45]..")
    (message,) = said(tmp_path, rules(w5m=several, w1h=several.replace("[45]", "[5]"), w6h=several))
    assert 'status=~"[5].."' in message
    assert 'status=~"[45].."' in message


@pytest.mark.parametrize(
    "text",
    [
        rules(w5m=ERRORS, w1h=ERRORS, w6h=ERRORS),
        rules(w5m=ERRORS, w1h=ERRORS.replace("5..", "4..")),
        rules(w5m=ERRORS, w1h=ERRORS.replace("5..", "4.."), w6h=ERRORS.replace("5..", "3..")),
        rules(w5m=ERRORS, w1h=ERRORS, w30d="avg_over_time(job:errors:ratio5m[W])"),
        rules(w5m=ERRORS, w1h=ERRORS, w6h=ERRORS)
        .replace("ratio6h", "ratio_of_clients")
        .replace("'5..'}[6h]", "'4..'}[6h]"),
    ],
    ids=["alike", "two", "three kinds", "of a record", "another name"],
)
def test_other_differences_are_left_alone(text: str, tmp_path: Path) -> None:
    assert said(tmp_path, text) == []


def test_a_long_expression_is_compared_as_a_short_one(tmp_path: Path) -> None:
    odd = ERRORS.replace("'5..'", "'5..',endpoint!='/health',method!='OPTIONS'")
    (message,) = said(tmp_path, rules(w5m=ERRORS, w1h=ERRORS, w6h=odd))
    assert message.startswith("job:errors:ratio6h selects {endpoint!=")


def budgets(*said_of: str) -> str:
    """Alerts on 1.44 %, 0.6 % and 0.1 % of errors, with what their summaries say of the budget."""
    listed = "".join(
        f"  - alert: Burn{number}\n    expr: job:errors:ratio_rate{window} > {limit}\n"
        f"    annotations: {{summary: The error budget is used up within {text}}}\n"
        for number, (window, limit, text) in enumerate(
            zip(("1h", "6h", "3d"), (0.0144, 0.006, 0.001), said_of, strict=False)
        )
    )
    return f"groups:\n- name: slo\n  rules:\n{listed}"


@pytest.mark.parametrize(
    ("said_of", "odd"),
    [
        (("a day", "three days", "14 days"), []),
        (("a day", "three days", "14 hours"), ["14 hours"]),
        (("an hour", "three days", "14 days"), ["an hour"]),
        (("an hour", "three days"), []),
        (("an hour", "four days", "14 months"), []),
        (("23 hours", "2 days", "two weeks"), []),
    ],
    ids=["alike", "the last", "the first", "two", "more than one", "in other words"],
)
def test_the_one_text_that_has_another_budget_is_told(
    said_of: tuple[str, ...], odd: list[str], tmp_path: Path
) -> None:
    texts = [finding.message for finding in found(tmp_path, budgets(*said_of)) if "budget" in finding.message]
    assert len(texts) == len(odd)
    assert all(words in text for words, text in zip(odd, texts, strict=True))
