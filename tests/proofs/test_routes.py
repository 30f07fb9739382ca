"""Where an alert goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.labelsets import exactly
from promproof.config.yamlfile import load
from promproof.proofs.among import destinations, undecided
from promproof.proofs.routes import of_rule, reaches

pytestmark = pytest.mark.unit
FILE = """
route:
  receiver: mail
  routes:
    - {matchers: ['team="attic"'], receiver: attic}
    - {matchers: ['severity="critical"'], receiver: pager}
    - {matchers: ['team=banana split"'], receiver: mail}
receivers:
  - {name: mail, email_configs: [{to: a@example.org}]}
  - {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: attic}
"""


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "critical"}, "pager"),
        ({"team": "attic"}, "attic; attic tells nobody: it has no integration"),
        ({"team": "roof"}, "mail?; a matcher of the route to mail can't be read"),
    ],
    ids=["pager", "attic", "unreadable matcher"],
)
def test_the_receivers_of_an_alert_are_named_with_what_is_wrong(
    tmp_path: Path, labels: dict[str, str], expected: str
) -> None:
    (tmp_path / "alertmanager.yml").write_text(FILE, encoding="utf-8")
    assert str(reaches(labels, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))) == expected


def test_a_file_without_routes_reaches_nobody(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("receivers: []\n", encoding="utf-8")
    assert str(reaches({}, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))) == "no route"


def test_a_receiver_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: x}\n", encoding="utf-8")
    found = reaches({}, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))
    assert found.notes == ("no receiver is called 'x'",)


ROUTED = """
route:
  receiver: mail
  routes:
    - {matchers: ['job="till"'], receiver: counter}
    - {matchers: ['cluster="east"'], receiver: east}
receivers:
  - {name: mail, email_configs: [{to: a@example.org}]}
  - {name: counter, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: east, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
"""


@pytest.mark.parametrize(
    ("expression", "external", "expected"),
    [
        ('errors{job="till"} > 1', None, "counter"),
        ('sum by (job) (errors{job="till"}) > 1', {}, "counter"),
        ("sum by (job) (errors) > 1", {}, "mail?, counter?"),
        ("sum(errors) > 1", {}, "mail"),
        ("sum(errors) > 1", {"cluster": "east"}, "east"),
        ("sum(errors) > 1", None, "counter?, east?, mail?"),
        ("sum(till:errors) > 1", {}, "mail"),
        ("till:errors > 1", {}, "counter"),
    ],
)
def test_labels_of_the_expression_and_external_labels_decide_the_route(
    tmp_path: Path, expression: str, external: dict[str, str] | None, expected: str
) -> None:
    (tmp_path / "alertmanager.yml").write_text(ROUTED, encoding="utf-8")
    recordings = [{"record": "till:errors", "expr": 'sum by (job) (errors{job="till"})'}]
    labels = of_rule({"alert": "A", "expr": expression}, recordings, external)
    found = reaches(labels, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))
    assert sorted(found.cell.split(", ")) == sorted(expected.split(", "))


def test_of_receivers_that_depend_on_a_label_the_one_without_it_is_first(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(ROUTED, encoding="utf-8")
    labels = of_rule({"alert": "A", "expr": "sum(errors) > 1"}, [])
    found = reaches(labels, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))
    assert found.perhaps == ("mail", "counter", "east")


MUTED = """
route:
  receiver: mail
  group_by: [cluster]
  routes: [{matchers: ['severity="info"'], receiver: mail, group_by: ['...']}]
receivers: [{name: mail, email_configs: [{to: a@example.org}]}]
inhibit_rules:
- {source_match: {severity: page}, target_match: {severity: warning}, equal: [cluster]}
- {source_match: nonsense, target_match: {severity: warning}}
"""


def test_alerts_that_surely_mute_each_other_or_share_a_group_are_named(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(MUTED, encoding="utf-8")
    alerts = [
        ("Down", exactly({"alertname": "Down", "severity": "page"})),
        ("Slow", exactly({"alertname": "Slow", "severity": "warning"})),
        ("Far", exactly({"alertname": "Far", "severity": "warning", "cluster": "east"})),
        ("Note", exactly({"alertname": "Note", "severity": "info"})),
    ]
    file = load(tmp_path / "alertmanager.yml", "an Alertmanager file")
    down, slow, far, note = destinations(alerts, file)
    assert (down.muted_by, slow.muted_by, far.muted_by) == ((), ("Down",), ())
    assert slow.notes == (f"muted while Down fires: {tmp_path / 'alertmanager.yml'}:8",)
    assert [group.beside for group in (*down.groups, *slow.groups, *far.groups)] == [("Slow",), ("Down",), ()]
    assert (note.groups[0].by, note.groups[0].beside) == (("...",), ())


def test_alerts_that_mute_each_other_where_a_label_is_the_same_are_named_with_it(tmp_path: Path) -> None:
    text = MUTED.replace("equal: [cluster]", "equal: [instance, severity_of, cluster]")
    (tmp_path / "alertmanager.yml").write_text(text, encoding="utf-8")
    rules = [
        {"alert": "Down", "expr": "up{instance='a'} == 0", "labels": {"severity": "page"}},
        {"alert": "Slow", "expr": "sum by (instance) (x) > 1", "labels": {"severity": "warning"}},
        {"alert": "Far", "expr": "x{instance='b'} > 1", "labels": {"severity": "warning"}},
    ]
    alerts = [(str(rule["alert"]), of_rule(rule, [], {})) for rule in rules]
    file = load(tmp_path / "alertmanager.yml", "an Alertmanager file")
    down, slow, far = destinations(alerts, file)
    assert (down.perhaps_muted_by, slow.perhaps_muted_by, slow.muted_by) == ((), ("Down",), ())
    assert slow.notes == (
        "muted while Down fires with the same instance and severity_of and cluster: "
        f"{tmp_path / 'alertmanager.yml'}:8",
    )
    assert far.perhaps_muted_by == (), "it is another instance"
    assert undecided(alerts, file) == []


def test_an_inhibition_by_labels_that_no_rule_fixes_is_named(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(MUTED, encoding="utf-8")
    open_, fixed = (
        of_rule({"alert": name, "expr": "x > 1", "labels": {"severity": severity}}, [], {})
        for name, severity in (("Open", "{{ $labels.level }}"), ("Slow", "warning"))
    )
    file = load(tmp_path / "alertmanager.yml", "an Alertmanager file")
    (line,) = undecided([("Open", open_), ("Slow", fixed)], file)
    assert line.startswith(f"{tmp_path / 'alertmanager.yml'}:8: ")
    assert "depends on severity" in line
    assert undecided([("Slow", fixed)], file) == [], "nothing there is its source"


HOURS = """
route:
  receiver: mail
  routes:
    - {matchers: ['team="night"'], receiver: mail, mute_time_intervals: [night]}
    - {matchers: ['team="day"'], receiver: mail, active_time_intervals: [work]}
    - {matchers: ['team="never"'], receiver: mail, mute_time_intervals: [night, rest]}
    - {matchers: ['team="summer"'], receiver: mail, mute_time_intervals: [summer]}
receivers: [{name: mail, email_configs: [{to: a@example.org}]}]
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}
- {name: rest, time_intervals: [{times: [{start_time: '06:00', end_time: '24:00'}]}]}
- name: work
  time_intervals:
  - {weekdays: ['monday:friday'], times: [{start_time: '08:00', end_time: '18:00'}], location: Europe/Rome}
- {name: summer, time_intervals: [{months: ['july']}]}
"""


@pytest.mark.parametrize(
    ("team", "notes"),
    [
        ("night", ("mail is told nothing at Sunday 00:00, and is at Sunday 06:00 (UTC): night",)),
        ("day", ("mail is told nothing at Sunday 00:00, and is at Monday 08:00 (Europe/Rome): work",)),
        ("never", ("mail is never told: night, rest",)),
        pytest.param("summer", (), id="not the same every week"),
        pytest.param("other", (), id="no interval"),
    ],
)
def test_a_route_with_hours_has_a_moment_inside_and_one_outside(
    tmp_path: Path, team: str, notes: tuple[str, ...]
) -> None:
    (tmp_path / "alertmanager.yml").write_text(HOURS, encoding="utf-8")
    file = load(tmp_path / "alertmanager.yml", "an Alertmanager file")
    [found] = destinations([("A", exactly({"alertname": "A", "team": team}))], file)
    assert found.notes == notes
