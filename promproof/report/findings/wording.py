"""Words that several outputs of a check share: counts, what was read, what was not verified."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.checking import Checked
from promproof.findings.finding import Severity
from promproof.findings.judging import Unjudged


def number(count: int, noun: str, nouns: str = "") -> str:
    """`1 rule`, `2 rules`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def counts(checked: Checked) -> str:
    """How many findings of which severity, in how many files."""
    by_severity = [
        (severity, sum(finding.severity is severity for finding in checked.findings)) for severity in Severity
    ]
    told = [_of(severity, count) for severity, count in by_severity if count]
    if not told:
        return "no findings"
    files = len({finding.file for finding in checked.findings})
    return f"{', '.join(told)} in {number(files, 'file')}"


def _of(severity: Severity, count: int) -> str:
    return f"{count} info" if severity is Severity.INFO else number(count, str(severity))


def left_out(checked: Checked) -> Iterator[str]:
    """What was found and is not shown."""
    milder = [_of(severity, count) for severity, count in checked.milder.items() if count]
    if milder:
        worst = next(severity for severity, count in checked.milder.items() if count)
        yield f"not shown: {', '.join(milder)} (--severity {worst})"
    if checked.silenced:
        yield f"left out by comments and promproof.yaml: {checked.silenced}"
    if checked.known:
        yield f"known: {checked.known}"
    if checked.untouched:
        yield f"not touched by the change: {checked.untouched}"
    if checked.gone:
        yield f"of the baseline, no more there: {checked.gone} (--write-baseline)"


def summary(checked: Checked) -> str:
    """The last line."""
    return "; ".join([counts(checked), *left_out(checked)])


def read(checked: Checked) -> str:
    """What was checked, so that a reader sees whether everything was found."""
    setup = checked.setup
    panels = sum(len(board.dashboard.panels) for board in setup.dashboards)
    things = [
        (len(setup.rules), "rule", ""),
        (len(setup.prometheuses), "Prometheus configuration", ""),
        (len(setup.alertmanagers), "Alertmanager configuration", ""),
        (len(setup.dashboards), "dashboard", ""),
        (panels, "panel", ""),
        (len(setup.grafana.sources), "data source", ""),
        (len(setup.grafana.providers), "dashboard provider", ""),
        (len(setup.grafana.alerting), "file of Grafana's alerting", "files of Grafana's alerting"),
        (len(setup.compose), "compose file", ""),
        (len(setup.resources), "Kubernetes resource", ""),
    ]
    return (
        ", ".join(number(count, *words) for count, *words in things if count) or "nothing that could be read"
    )


def unverified(checked: Checked) -> Iterator[str]:
    """Each reason once, with the kinds and how many items it concerns."""
    by_reason: dict[tuple[tuple[str, ...], str], list[Unjudged]] = {}
    for missed in checked.unjudged:
        by_reason.setdefault((missed.rules, missed.reason), []).append(missed)
    for (rules, reason), misses in by_reason.items():
        first = misses[0]
        where = f" at {first.item} ({first.place})" if first.crashed else ""
        more = f" and {number(len(misses) - 1, 'more item')}" if len(misses) > 1 and first.crashed else ""
        crash = "a judge crashed, a mistake of promproof: " if first.crashed else ""
        names = f"{', '.join(rules)}: " if rules else f"{first.item}: "
        yield f"{names}{crash}{reason}{where}{more}"
