"""Several instances of one job: what each has counted is exact where it is known who answered, and their sum always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.checks import CHECKS, metric_during, metric_exact, metric_form, metric_lifecycle, metric_moves
from promproof.checks.base import Check, Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.instances import of_each
from promproof.evidence.records import OfInstance
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.exposition import series_text
from promproof.load.ledger import Ledger
from promproof.load.spread import Spread
from promproof.verdict import Outcome, Verdict
from tests.records import filled, record

pytestmark = pytest.mark.unit
Request = tuple[str, str, int]
"""Method, route, status."""
Read = Callable[[str, Counter[Request]], str]
"""What an instance exposes that has answered these requests."""
NAMES = ("a:1", "b:1", "c:1")
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "target": {"job": "shop"},
        "metrics": [
            {
                "name": "hits_total",
                "type": "counter",
                "labels": {"method": {}, "route": {}, "status": {}},
                "truth": {"kind": "requests"},
            }
        ],
    }
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["/", "/items/{id}", "unmatched"]),
        st.sampled_from([200, 404, 500]),
    ),
    min_size=1,
    max_size=40,
)


def sent(requests: Sequence[Request]) -> LedgerView:
    """The ledger of these requests, one after the other."""
    now = count(1.0, 0.01)
    ledger = Ledger(lambda: next(now), 0.025)
    for method, route, status in requests:
        ledger.close(ledger.open(method, route), status)
    return ledger.snapshot()


def exposed(instance: str, answered: Counter[Request]) -> str:
    """As it should be."""
    return "# TYPE hits_total counter\n" + "".join(
        f"{series_text('hits_total', (('method', m), ('route', r), ('status', str(s))))} {number}\n"
        for (m, r, s), number in sorted(answered.items())
    )


def run(
    answered: Mapping[str, Sequence[Request]], reads: Read = exposed, *, balanced: bool = False
) -> Evidence:
    """A run in which each instance has answered its requests; balanced: nobody knows which of them it was."""
    history = History("by hand", 0.0, 0.0)

    def add(kind: str, fields: dict[str, Any], instance: str = "") -> None:
        data = filled(kind, fields)
        number = len(history.records)
        kept = OfInstance.of(instance, data) if instance else data
        history.records.append(Record(number, 9.0, kept))

    first, *further = answered
    run = {"instance": first, "managed": True, "instances": list(answered), "balanced": balanced}
    add("run", {**run, "time_scale": 1.0, "scrape_interval": 1.0})
    add("prepared", {"time_scale": 1.0})
    for instance, requests in answered.items():
        read = {"label": "rest", "begin": 8.0, "end": 8.1, "text": reads(instance, Counter(requests))}
        add("exposition", read, instance if instance in further else "")
        if not balanced:
            add("ledger", {"source": "traffic", "complete": True, "view": sent(requests).to_json()}, instance)
    whole = merge([sent(requests) for requests in answered.values()])
    add("ledger", {"source": "traffic", "complete": True, "view": whole.to_json()})
    return Evidence(CONTRACT, history)


def said(check: Check, seen: Evidence) -> Verdict:
    return judge(check, Claim(f"metric/hits_total/{check.name}", "hits_total"), seen)


@settings(max_examples=60, deadline=None)
@given(
    requests=REQUESTS,
    whose=st.lists(st.sampled_from(NAMES), min_size=40, max_size=40),
    balanced=st.booleans(),
)
def test_any_split_over_instances_gives_the_ledgers_counts(
    requests: list[Request], whose: list[str], balanced: bool
) -> None:
    split: dict[str, list[Request]] = {name: [] for name in NAMES}
    for request, name in zip(requests, whose, strict=False):
        split[name].append(request)
    seen = run(split, balanced=balanced)
    verdict = said(metric_exact.CHECK, seen)
    assert verdict.outcome is Outcome.PASS, verdict
    assert merge(
        [part.ledger for part in of_each(seen).values()] if not balanced else [seen.ledger]
    ).counts == {
        (method, route, status): number for (method, route, status), number in Counter(requests).items()
    }


ONE, TWO = [("GET", "/", 200)] * 3, [("GET", "/", 200)] * 2


def twice(instance: str, answered: Counter[Request]) -> str:
    """The second instance counts every request two times."""
    return exposed(instance, answered + answered if instance == "b:1" else answered)


def moved(instance: str, answered: Counter[Request]) -> str:
    """One request of the first instance is counted by the second."""
    change = Counter({("GET", "/", 200): 1})
    return exposed(instance, answered - change if instance == "a:1" else answered + change)


def renamed(instance: str, answered: Counter[Request]) -> str:
    """The second instance calls its label otherwise."""
    text = exposed(instance, answered)
    return text.replace("route=", "path=") if instance == "b:1" else text


@pytest.mark.parametrize("balanced", [False, True], ids=["by instance", "behind a balancer"])
def test_an_instance_that_counts_twice_is_red(balanced: bool) -> None:
    verdict = said(metric_exact.CHECK, run({"a:1": ONE, "b:1": TWO}, twice, balanced=balanced))
    assert verdict.outcome is Outcome.FAIL
    assert ("is 7, truth 5" if balanced else "b:1: hits_total") in verdict.reason
    assert balanced or "a:1" not in verdict.reason


def test_a_request_in_the_wrong_instance_is_red_where_it_is_known_who_answered() -> None:
    verdict = said(metric_exact.CHECK, run({"a:1": ONE, "b:1": TWO}, moved))
    assert verdict.outcome is Outcome.FAIL
    assert "a:1: " in verdict.reason
    assert "b:1: " in verdict.reason


def test_behind_a_balancer_the_sum_is_exact_and_no_instance_is_judged() -> None:
    seen = run({"a:1": ONE, "b:1": TWO}, moved, balanced=True)
    verdict = said(metric_exact.CHECK, seen)
    assert verdict.outcome is Outcome.PASS
    assert "the sum of 2 instances, what stands in front of 2 instances decides" in verdict.reason
    during = said(metric_during.CHECK, seen)
    assert during.outcome is Outcome.NOT_VERIFIED
    assert "nobody tells" in during.reason


def test_an_instance_with_another_label_is_red_by_its_name() -> None:
    verdict = said(metric_form.CHECK, run({"a:1": ONE, "b:1": TWO}, renamed))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason.startswith("b:1: hits_total{")
    assert said(metric_form.CHECK, run({"a:1": ONE, "b:1": TWO})).outcome is Outcome.PASS


def test_an_instance_that_could_not_be_read_hides_nothing_of_the_others() -> None:
    seen = run(
        {"a:1": ONE, "b:1": TWO}, lambda name, answered: "{" if name == "a:1" else twice(name, answered)
    )
    verdict = said(metric_exact.CHECK, seen)
    assert verdict.outcome is Outcome.FAIL
    assert "b:1: hits_total" in verdict.reason


def test_what_needs_one_process_is_not_verified_of_several() -> None:
    verdict = said(metric_lifecycle.CHECK, run({"a:1": ONE, "b:1": TWO}))
    assert verdict.outcome is Outcome.NOT_VERIFIED
    assert verdict.reason == "it is judged for a service of one instance, and this one has 2"


def test_samples_of_all_instances_are_kept_apart() -> None:
    seen = run({"a:1": ONE, "b:1": TWO})
    series = [
        {
            "name": "hits_total",
            "labels": {"job": "shop", "instance": name},
            "samples": [[1.0, 0.0], [2.0, value]],
        }
        for name, value in (("a:1", 3.0), ("b:1", 0.0))
    ]
    seen.history.records.append(record(99, 9.0, "stored", {"selector": "hits_total{}", "series": series}))
    assert seen.stored("hits_total") == {(): ((1.0, 0.0), (2.0, 3.0))}
    assert of_each(seen)["b:1"].stored("hits_total") == {(): ((1.0, 0.0), (2.0, 0.0))}
    verdict = said(metric_moves.CHECK, seen)
    assert verdict.outcome is Outcome.PASS
    assert verdict.reason == "1 of 2 series moved, 4 samples"


def test_every_claim_about_a_metric_says_of_which_instances_it_is() -> None:
    about = [check.name for check in CHECKS if check.scope == "run"]
    assert not {
        "form",
        "exact",
        "during",
        "moves",
        "stored",
        "buckets",
        "sum",
        "born",
        "rows",
        "kernel",
    } & set(about)


def test_requests_go_round_and_each_instance_has_its_own() -> None:
    now = count(1.0, 0.01)
    spread = Spread(lambda: next(now), 0.025, ["http://a", "http://b"])
    turn = spread.turns([None, None])  # type: ignore[list-item]  # nothing is sent
    for _ in range(5):
        ledger, _ = turn()
        ledger.close(ledger.open("GET", "/"), 200)
    assert spread.opened == 5
    assert spread.open_requests() == 0
    found = spread.drain_each()
    assert {name: view.requests for name, view in found.items()} == {"http://a": 3, "http://b": 2}
    assert merge(found.values()).counts == {("GET", "/", 200): 5}
