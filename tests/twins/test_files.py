"""Small faults in what no run shows turn the right claim red, and harmless changes none: judged on the files alone.

Every day those that touch neither the same claim nor the same place are planted together; by night each one alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from promproof.contract.settings import Accepted
from promproof.verdict import Outcome, Verdict
from tests.twins.fault import JOB, Fault
from tests.twins.faults import FAULTS, HARMLESS
from tests.twins.planting import Bench, Change

pytestmark = pytest.mark.unit
ALL = [fault for faults in FAULTS.values() for fault in faults]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("planted"))


def places(fault: Fault) -> Iterator[tuple[str, ...]]:
    """What a fault touches: file and the key above, so that numbers of a list stay what they are."""
    for change in fault.changes:
        yield change.file, *change.path.split(">")[:-1]


def overlap(fault: Fault, other: Fault) -> bool:
    """Whether two faults touch the same claim, or the same place of a file."""
    if fault.red and fault.red == other.red:
        return True
    return any(
        all(left == right for left, right in zip(mine, its, strict=False))
        for mine in places(fault)
        for its in places(other)
    )


def batches(faults: Iterable[Fault]) -> list[list[Fault]]:
    """The faults in groups that can be planted together."""
    found: list[list[Fault]] = []
    for fault in faults:
        group = next((group for group in found if not any(overlap(fault, other) for other in group)), None)
        if group is None:
            found.append(group := [])
        group.append(fault)
    return found


def red(judged: dict[str, Verdict]) -> dict[str, str]:
    """The claims that do not pass, with the reason."""
    return {name: verdict.reason for name, verdict in judged.items() if verdict.outcome is not Outcome.PASS}


@pytest.fixture(scope="module")
def told(bench: Bench) -> dict[str, str]:
    """Why the claim of each fault fails; nothing for one that is missed."""
    found: dict[str, str] = {}
    for group in batches(ALL):
        judged = bench.judged(*(change for fault in group for change in fault.changes))
        for fault in group:
            verdict = judged[fault.red]
            found[fault.name] = verdict.reason if verdict.outcome is Outcome.FAIL else ""
    return found


def test_the_shipped_files_are_as_promised(bench: Bench) -> None:
    judged = bench.judged()
    assert red(judged) == {}
    assert len(judged) > 70


def test_the_names_of_faults_differ() -> None:
    names = [fault.name for fault in (*ALL, *HARMLESS)]
    assert len(set(names)) == len(names) > 150


@pytest.mark.parametrize("fault", FAULTS["keys"], ids=lambda fault: fault.name)
def test_a_key_that_works_silently_is_reported(fault: Fault, told: dict[str, str]) -> None:
    assert told[fault.name]


@pytest.mark.parametrize("fault", FAULTS["texts"], ids=lambda fault: fault.name)
def test_a_text_that_misleads_its_reader_is_reported(fault: Fault, told: dict[str, str]) -> None:
    assert told[fault.name]


@pytest.mark.parametrize("fault", FAULTS["addresses"], ids=lambda fault: fault.name)
def test_an_address_that_a_run_replaces_is_reported(fault: Fault, told: dict[str, str]) -> None:
    assert told[fault.name]


@pytest.mark.parametrize("fault", FAULTS["services"], ids=lambda fault: fault.name)
def test_a_service_that_is_deployed_otherwise_is_reported(fault: Fault, told: dict[str, str]) -> None:
    assert told[fault.name]


@pytest.mark.parametrize("fault", FAULTS["panels"], ids=lambda fault: fault.name)
def test_a_panel_that_shows_otherwise_is_reported(fault: Fault, told: dict[str, str]) -> None:
    assert told[fault.name]


def test_harmless_changes_stay_green_together(bench: Bench) -> None:
    for group in batches(HARMLESS):
        names = [fault.name for fault in group]
        assert red(bench.judged(*(change for fault in group for change in fault.changes))) == {}, names


def test_a_finding_that_the_contract_accepts_is_none(bench: Bench) -> None:
    (lost,) = (fault for fault in ALL if fault.name == "a label that is summed away")
    entry = Accepted(id="rule/label-lost", name="HighErrorRate", reason="the proxy fills it in")
    other = entry.model_copy(update={"name": "SlowResponses"})
    shipped = bench.prepared.contract
    accepting = shipped.model_copy(update={"accepted": (entry,)})
    assert red(bench.judged(*lost.changes, contract=accepting)) == {}
    accepting = shipped.model_copy(update={"accepted": (other,)})
    assert set(red(bench.judged(*lost.changes, contract=accepting))) == {lost.red}


def test_a_label_that_no_scrape_gives_is_told_where_no_discovery_may_give_it(bench: Bench) -> None:
    summary = "groups>0>rules>ServiceDown>annotations>summary"
    lost = Change("prometheus/rules/availability.yml", summary, "{{ $labels.pod }} is down")
    claim = "alert/ServiceDown/text"
    assert "reads $labels.pod" in red(bench.judged(lost)).get(claim, "")
    job = f"{JOB}>kubernetes_sd_configs"
    found = Change("prometheus/prometheus.yml", job, [{"role": "pod"}])
    assert claim not in red(bench.judged(lost, found))


def test_a_contract_that_states_nothing_has_no_claim_on_settings(bench: Bench) -> None:
    changes = [change for group in batches(FAULTS["keys"])[:1] for fault in group for change in fault.changes]
    silent = {"accepted": None, "settings": None, "deployment": None}
    judged = bench.judged(*changes, contract=bench.prepared.contract.model_copy(update=silent))
    assert red(judged) == {}
    assert not [name for name in judged if name.startswith(("check/", "setting/", "address/", "alert/"))]


def test_a_panel_that_departs_on_purpose_is_green(bench: Bench) -> None:
    (mapped,) = (fault for fault in ALL if fault.name == "a value that reads as another")
    shipped = bench.prepared.contract
    boards = tuple(
        board.model_copy(
            update={
                "panels": tuple(panel.model_copy(update={"departs": ("mappings",)}) for panel in board.panels)
            }
        )
        for board in shipped.dashboards
    )
    departing = shipped.model_copy(update={"dashboards": boards})
    assert red(bench.judged(*mapped.changes, contract=departing)) == {}


@pytest.mark.nightly
@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_fault_alone_is_reported(fault: Fault, bench: Bench) -> None:
    assert fault.red in red(bench.judged(*fault.changes))


@pytest.mark.nightly
@pytest.mark.parametrize("fault", HARMLESS, ids=lambda fault: fault.name)
def test_a_harmless_change_alone_stays_green(fault: Fault, bench: Bench) -> None:
    assert red(bench.judged(*fault.changes)) == {}
