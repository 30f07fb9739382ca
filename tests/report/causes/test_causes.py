"""Causes of red claims: each rule with its symptoms and a neighbour that is none, and no red claim is ever lost."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from promproof.evidence.torn import goes_back_and_forth
from promproof.report.causes.facts import Facts, fingerprint, is_usual, names
from promproof.report.causes.fold import blocks
from promproof.report.causes.model import ALONE, RED, UNKNOWN, Block
from promproof.report.causes.rules import RULES
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
RULE = "alert/Errors/documented"
FACTS = Facts(
    url="http://127.0.0.1:8000/metrics",
    alerts={"Errors": ("calls_total",), "Slow": ("call_seconds",)},
    severities={"Errors": "critical", "Slow": "warning"},
    drills={"errors-drill": "Errors", "slow-drill": "Slow"},
    panels={"web/rate": "sum(rate(calls_total[5m]))", "web/cpu": "rate(node_cpu_seconds_total[5m])"},
    exposed={"requests_total": "Calls", "call_seconds": "Seconds"},
    documented={"calls_total": "Calls", "call_seconds": "Seconds", "gone_total": "Gone"},
    inhibited={"Errors": ("Heartbeat",)},
    torn=("calls_total",),
)


def failed(claim: str, reason: str, expected: str = "") -> Verdict:
    return Verdict(claim, Outcome.FAIL, reason, expected)


def unknown(claim: str, reason: str, *, symptom: bool = False) -> Verdict:
    return Verdict(claim, Outcome.UNKNOWN, reason, symptom=symptom)


def first(*verdicts: Verdict, facts: Facts = FACTS) -> Block:
    return blocks(verdicts, facts)[0]


def ids(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [verdict.claim for verdict in verdicts]


def test_a_label_that_the_series_lack_stands_over_the_alert_that_never_fires() -> None:
    says = "rules/http.yml:6: selects http_requests_total by the label code, and its series have endpoint, job, status"
    symptoms = [
        failed("alert/Errors/boundary", "never fires, asked up to 0.2, documented > 0.05"),
        failed("alert/Errors/live/fires-above", "missed: firing"),
    ]
    cause = failed(RULE, says, "> 0.05 over 5m for 5m")
    block = first(*symptoms, cause)
    assert (block.kind, block.causes, block.symptoms) == ("missing-label", (cause,), tuple(symptoms))
    assert (
        block.title == "Errors: it selects http_requests_total by 'code', a label that its series do not have"
    )
    assert block.where == "rules/http.yml:6"


def test_a_changed_threshold_stands_over_the_boundary_and_all_that_did_not_happen_live() -> None:
    symptoms = [
        failed("alert/Errors/boundary", "flips between 0.1 and 0.1005, documented > 0.05"),
        failed("alert/Errors/live/fires-above", "missed: firing"),
        unknown("alert/Errors/live/notified", "no notification 'firing' came, and none was owed"),
        failed("drill/errors-drill/resolved", "missed: resolved"),
        failed(
            "panel/web/rate/agreement", "the line stands at 0.05", "the expression of Errors, threshold 0.05"
        ),
        failed(
            "page/expression/Errors", "docs/monitoring.md:318: ... > 0.05: the rule Errors says ... > 0.1"
        ),
        failed(
            "alert/Errors/text",
            "rules/http.yml:17: description: the text says threshold 5%, the rule compares with 0.1 "
            "(rule/number-in-text); make the text say what the rule does",
        ),
        unknown("alert/Errors/resolves", "it did not fire, so it could not resolve"),
    ]
    others = [
        failed("alert/Slow/text", "r.yml:9: summary: the text says threshold 5%, the rule compares with 0.1"),
        failed("page/expression/Slow", "docs/monitoring.md:322: the rule Slow says something else"),
        failed("page/links", "docs/monitoring.md:7: #no-such-heading"),
        failed("alert/Slow/boundary", "flips elsewhere"),
        failed("drill/slow-drill/resolved", "missed"),
        failed("panel/web/slow/agreement", "another one", "the expression of Slow"),
        failed("alert/Errors/live/others-silent", "Slow fired"),
        unknown(
            "alert/Errors/live/silent-below", "with this machine's lateness of 0.8 s any state is admissible"
        ),
    ]
    cause = failed(RULE, "rules/http.yml:6: threshold is > 0.1, documented > 0.05", "> 0.05 over 5m for 5m")
    block, *rest = blocks([*symptoms, *others, cause], FACTS)
    assert (block.kind, block.causes, block.symptoms) == ("changed-threshold", (cause,), tuple(symptoms))
    assert block.title == "Errors: the threshold is > 0.1, documented > 0.05"
    assert (block.where, block.promised) == ("rules/http.yml:6", "> 0.05 over 5m for 5m")
    assert block.look == "sed -n 6,+12p rules/http.yml"
    assert block.again == "promproof verify --claim alert/Errors/"
    assert [block.kind for block in rest] == [ALONE] * 7 + ["busy-machine"]


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        ("r.yml:6: window is 60 s, documented 5m", "changed-window"),
        ("r.yml:6: for is 60 s, documented 5m", "changed-for"),
        ("r.yml:6: severity is 'page', documented 'critical'", "changed-severity"),
        ("0 rules have this name in r.yml", "missing-rule"),
        ("r.yml:6: does not use the metric calls_total", ALONE),
    ],
)
def test_what_else_a_rule_may_say_has_a_kind_of_its_own(finding: str, kind: str) -> None:
    assert first(failed(RULE, finding)).kind == kind


def test_a_rule_with_two_changes_is_one_block_that_tells_both() -> None:
    block = first(
        failed(RULE, "r.yml:6: threshold is > 1, documented > 2; r.yml:6: for is 60 s, documented 5m")
    )
    assert block.kind == "changed-threshold"
    assert "for is 60 s" in block.seen


def test_alerts_that_lost_the_same_receiver_are_one_block() -> None:
    lost = [
        failed(f"alert/{name}/documented", "not routed to receiver 'pager'") for name in ("Errors", "Slow")
    ]
    told = failed("alert/Slow/live/notified", "missed: pager got nothing")
    fired = failed("alert/Slow/live/fires-above", "missed: firing")
    block, other = blocks([*lost, fired, told], FACTS)
    assert (block.kind, block.causes, block.symptoms) == ("lost-route", tuple(lost), (told,))
    assert block.title == "Errors, Slow are not routed to receiver 'pager'"
    assert block.look.endswith("--config.file=alertmanager.yml alertname=Errors severity=critical")
    assert other.causes == (fired,)


def test_a_missing_metric_stands_over_its_claims_and_those_of_its_users() -> None:
    facts = replace(FACTS, exposed={}, torn=())
    symptoms = [
        failed("metric/calls_total/exact", "no series"),
        failed("panel/web/rate/data", "$.panels[0]: empty: the metric calls_total is missing"),
        failed("alert/Errors/live/fires-above", "missed: firing"),
        failed("panel/web/rate/form", "$.panels[0].targets[0]: there is no calls_total"),
    ]
    others = [
        failed("metric/call_seconds/exact", "no series"),
        failed("panel/web/cpu/values", "1, truth 2"),
        failed("panel/web/rate/form", "unit is 'short'"),
        failed("docs/metric/calls_total", "page.md:5: calls_total: unit is 's'"),
        failed("metric/calls_total_more/exact", "no series"),
    ]
    cause = failed("metric/calls_total/form", "calls_total is not exposed")
    block, *rest = blocks([*others, cause, *symptoms], facts)
    assert (block.kind, block.symptoms) == ("missing-metric", tuple(symptoms))
    assert ids(tuple(verdict for block in rest for verdict in block.claims)) == ids(tuple(others))


def test_a_missing_metric_whose_help_text_stands_at_an_undocumented_one_is_renamed() -> None:
    missing = failed("metric/calls_total/form", "calls_total is not exposed")
    text = "requests_total is exposed, not documented and not on the allow-list"
    extra = failed("target/exposition", f"{text} (`allowed` in the contract takes names)")
    [block] = blocks([missing, extra], FACTS)
    assert (block.kind, block.symptoms) == ("renamed-metric", (extra,))
    assert (
        block.title
        == "calls_total is not exposed; requests_total has its help text, and is documented nowhere"
    )
    created = replace(FACTS, exposed={**FACTS.exposed, "requests_created": "Calls"})
    assert blocks([missing], created)[0].kind == "renamed-metric"
    two = failed("target/exposition", f"odd is exposed, not documented and not on the allow-list; {text}")
    assert blocks([missing, two], FACTS)[1].kind == ALONE
    assert first(failed("metric/gone_total/form", "gone_total is not exposed")).kind == "missing-metric"


def test_a_renamed_label_is_named_with_both_names() -> None:
    reason = "calls_total{code=\"200\"} has labels ['code', 'method'], documented ['method', 'status']"
    panel = failed("panel/web/rate/data", 'the label of calls_total{status="200"} is missing')
    block = first(failed("metric/calls_total/form", reason), panel)
    assert (block.kind, block.symptoms) == ("renamed-label", (panel,))
    assert block.title == "calls_total has the label 'code' and not 'status'"
    two = reason.replace("['code', 'method']", "['code']")
    assert first(failed("metric/calls_total/form", two)).kind == ALONE


def test_series_that_several_panels_lack_are_one_block() -> None:
    missing = "$.panels[0]: empty: the metric node_cpu_seconds_total is missing"
    lacking = [failed(f"panel/web/{name}/data", missing) for name in ("cpu", "modes")]
    block = first(*lacking)
    assert (block.kind, block.causes) == ("missing-series", tuple(lacking))


def test_an_unreachable_target_stands_over_what_is_scraped_and_not_over_what_is_exposed() -> None:
    error = "it is down: dial tcp 127.0.0.1:8000: connection refused (nothing listens there)"
    stored = unknown("metric/calls_total/stored", "no stored samples")
    exact = failed("metric/calls_total/exact", "1, truth 2")
    block, other = blocks([failed("target/up", error), stored, exact], FACTS)
    assert (block.kind, block.symptoms, other.causes) == ("unreachable-target", (stored,), (exact,))
    assert block.look == "curl -i http://127.0.0.1:8000/metrics"


def test_a_target_with_the_wrong_job_is_reached() -> None:
    assert first(failed("target/up", "its job is 'a', documented 'b'")).kind == ALONE


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid UTF-8 label value", "refused-exposition"),
        ('expected value after metric, got "{"', "refused-exposition"),
        ('"INVALID" is not a valid start token', "refused-exposition"),
        ('Get "http://a:1/metrics": dial tcp 10.0.0.1:1: connect: connection refused', "unreachable-target"),
        ('Get "http://a:1/metrics": dial tcp: lookup a: invalid domain name', "unreachable-target"),
        ("server returned HTTP status 404 Not Found", "unreachable-target"),
    ],
)
def test_an_exposition_that_is_refused_is_told_apart_from_a_target_that_is_not_reached(
    error: str, kind: str
) -> None:
    assert (
        first(failed("target/up", f"it is down: {error}; 7 of 7 scrapes failed, first at 1.0 s")).kind == kind
    )


def test_counters_that_go_back_and_forth_are_two_processes_behind_one_port() -> None:
    verdicts = [failed(f"metric/calls_total/{aspect}", "49, truth 101") for aspect in ("exact", "during")]
    total = failed("metric/call_seconds/sum", "1, truth 2")
    block = first(*verdicts, total)
    assert (block.kind, block.causes, block.symptoms) == ("two-processes", tuple(verdicts), (total,))
    assert first(*verdicts, facts=replace(FACTS, torn=())).kind == ALONE


@pytest.mark.parametrize(
    ("values", "torn"),
    [
        ([50, 100, 51, 101, 53, 104], True),
        ([1, 2, 3, 3, 3], False),
        ([60, 100, 0, 20, 40, 60, 80, 100, 120], False),
        ([60, 100, 0, 20, 40, 60, 80, 100, 120, 0, 30, 60, 90, 120, 150], False),
        ([], False),
    ],
    ids=["two processes", "one process", "a restart", "two restarts", "nothing"],
)
def test_a_restart_is_not_taken_for_a_second_process(values: list[float], torn: bool) -> None:
    assert goes_back_and_forth(values) is torn


def test_an_inhibited_alert_is_said_to_be_inhibited_and_by_whom() -> None:
    notified = failed("drill/errors-drill/notified", "missed: no notification 'firing'")
    resolved = failed("drill/errors-drill/resolved", "missed: no notification 'resolved'")
    block = first(notified, resolved)
    assert (block.kind, block.causes, block.symptoms) == ("inhibited", (notified,), (resolved,))
    assert block.title == "Errors fired and was inhibited by Heartbeat: nobody was told"
    assert block.again == "promproof verify errors-drill"
    assert first(failed("drill/slow-drill/notified", "missed")).kind == ALONE


def test_an_alert_has_the_fingerprint_that_alertmanager_gives_it() -> None:
    labels = {"team": "süd", "alertname": "Heartbeat", "severity": "info"}
    assert fingerprint(labels) == "d499fd15e41596e2", "what Alertmanager 0.25 answered for these labels"


def test_a_run_that_broke_off_says_so_first_and_folds_what_it_left_open() -> None:
    trouble = (
        "target: ended with exit status 1\n  last log lines:\n    boom\n  to do: the whole log is target.log"
    )
    left = [unknown(f"metric/{name}/exact", "nothing; the run broke off", symptom=True) for name in "ab"]
    up = failed("target/up", "12 of 60 scrapes failed, first at 40.1 s")
    rule = failed(RULE, "r.yml:6: threshold is > 1, documented > 2")
    block, other = blocks([up, rule, *left], replace(FACTS, trouble=trouble))
    assert (block.kind, block.title) == ("dead-component", "target: ended with exit status 1")
    assert (block.causes, block.symptoms, block.todo) == (
        (left[0],),
        (left[1], up),
        "the whole log is target.log",
    )
    assert other.kind == "changed-threshold"
    busy = first(left[0], replace(up, reason="its job is 'a'"), facts=replace(FACTS, trouble="disk full"))
    assert (busy.kind, busy.symptoms) == ("broken-off", ())


def test_unknown_claims_with_one_reason_are_one_block_and_come_last() -> None:
    same = [unknown(f"panel/web/{name}/values", "the exporter was not read") for name in ("a", "b")]
    other = unknown("x/y", "no such thing")
    fail = failed("config/clean", "promtool: odd")
    kinds = [(block.kind, len(block.claims)) for block in blocks([*same, other, fail], FACTS)]
    assert kinds == [(ALONE, 1), (UNKNOWN, 2), (UNKNOWN, 1)]


def test_claims_that_say_the_same_of_several_places_are_one_block() -> None:
    said = "runbook: there is no docs/runbook.md; correct the link, or write the page"
    texts = [failed(f"alert/{name}/text", f"r.yml:{line}: {said}") for name, line in (("A", 4), ("B", 19))]
    other = failed("alert/C/text", "r.yml:30: severity is missing")
    counted = [failed(f"metric/{name}/exact", "1, truth 2") for name in ("a", "b")]
    shared, *rest = blocks([texts[0], other, texts[1], *counted], FACTS)
    assert (shared.kind, shared.claims) == (ALONE, tuple(texts))
    assert shared.title == "2 claims fail: runbook: there is no docs/runbook.md"
    assert shared.again == "promproof verify --claim alert/"
    assert [block.claims for block in rest] == [(other,), (counted[0],), (counted[1],)]


REASONS = (
    "calls_total is not exposed",
    "r.yml:6: threshold is > 0.1, documented > 0.05; not routed to receiver 'pager'",
    "not routed to receiver 'pager'",
    "it is down: connection refused",
    "the metric calls_total is missing",
    "x has labels ['a'], documented ['b']",
    "with this machine's lateness of 1 s",
    "{braces} and {0} \\d+ (",
    "",
)
CLAIMS = (
    RULE,
    "alert/Slow/documented",
    "alert/Errors/boundary",
    "alert/Errors/live/notified",
    "target/up",
    "drill/errors-drill/notified",
    "drill/other/notified",
    "metric/calls_total/form",
    "metric/calls_total/exact",
    "metric/{x}/form",
    "panel/web/rate/data",
    "panel/web/rate/agreement",
    "docs/complete",
    "odd",
    "",
)


@pytest.mark.parametrize("seed", range(40))
def test_each_red_claim_is_in_exactly_one_block_and_nothing_else_is(seed: int) -> None:
    dice = random.Random(seed)
    verdicts = [
        Verdict(
            dice.choice(CLAIMS), dice.choice(list(Outcome)), dice.choice(REASONS), symptom=dice.random() < 0.1
        )
        for _ in range(dice.randrange(30))
    ]
    found = blocks(verdicts, FACTS)
    inside = Counter(id(verdict) for block in found for verdict in block.claims)
    assert inside == Counter(id(verdict) for verdict in verdicts if verdict.outcome in RED)
    assert found == blocks(verdicts, FACTS), "the same input gives the same blocks"


def test_the_kinds_of_rules_are_unique_and_their_words_are_known() -> None:
    kinds = Counter(rule.kind for rule in RULES)
    assert max(kinds.values()) == 1


def test_a_name_is_not_found_in_a_longer_one() -> None:
    assert names("rate(calls_total[5m])", "calls_total")
    assert names("call_seconds_bucket{le='1'}", "call_seconds")
    assert not names("job:calls_total:rate", "calls_total")


@pytest.mark.parametrize(
    ("contract", "monitoring", "reports", "usual"),
    [
        ("/home/me/monitoring/contract.yaml", "/home/me/monitoring", "/home/me/reports", True),
        ("/home/me/monitoring/contract.yaml", "/home/me/monitoring", "/tmp/kept", True),
        ("/home/me/monitoring/contract.yaml", "/tmp/copy/monitoring", "/home/me/reports", False),
        ("/tmp/copy/monitoring/contract.yaml", "/tmp/copy/monitoring", "/home/me/reports", False),
        ("/home/me/contract.yaml", "/home/me/monitoring", "/home/me/reports", False),
    ],
)
def test_a_copy_of_the_monitoring_folder_is_named_in_the_command_that_judges_it_again(
    contract: str, monitoring: str, reports: str, usual: bool
) -> None:
    given = {"contract": contract, "monitoring": monitoring}
    assert is_usual(given, {"reports": reports}) is usual
