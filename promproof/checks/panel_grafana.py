"""grafana/…: a real Grafana has loaded the files as they are, reaches its data source, and asks what was expected.

Without a server these claims are not verified, visibly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.config import jsontext
from promproof.config.usertext import Mistake
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import Record
from promproof.evidence.records import Drawn, GrafanaAnswer, GrafanaAsked, GrafanaQuery, PanelAsked
from promproof.exposition import Labels, label_set
from promproof.grafana.durations import go_form
from promproof.truth.views import views
from promproof.verdict import Verdict

# What Grafana fills in or migrates by itself when it loads a file.
OWN = ("id", "version", "schemaVersion", "iteration")
RELATIVE = 1e-9
Judge = Callable[[Claim, Record[Any], Evidence], Verdict]


def _one(claim_id: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(claim_id)] if contract.dashboards else []


def _with_server(judge: Judge) -> Callable[[Claim, Evidence], Verdict]:
    def wrapped(claim: Claim, evidence: Evidence) -> Verdict:
        record = evidence.history.last(GrafanaAsked)
        if record is None:
            return not_verified(claim, "no Grafana server in this run; name one with --grafana URL")
        if record.data.errors:
            return unknown(claim, "; ".join(record.data.errors), [record.number])
        return judge(claim, record, evidence)

    return wrapped


def judge_health(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """It is up, and its database works."""
    answer = _asked(record.data.health)
    body = answer.body if isinstance(answer.body, dict) else {}
    found = []
    if answer.status != 200 or body.get("database") != "ok":
        found.append(f"/api/health answers {answer.status}: {answer.body}")
    return findings(
        claim,
        found,
        good=f"Grafana {body.get('version')}, database ok",
        expected="200, database ok",
        evidence=[record.number],
    )


def judge_source(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """The provisioned data source is there, read-only as the file has it, and reaches Prometheus."""
    answer = _asked(record.data.sources)
    if answer.status != 200 or not isinstance(answer.body, list):
        return unknown(claim, f"/api/datasources answers {_said(answer)}", [record.number])
    served = {source.get("uid"): source for source in answer.body if isinstance(source, dict)}
    found = []
    wanted = views(evidence).folder.sources
    for source in wanted:
        counterpart = served.get(source.uid)
        if counterpart is None:
            found.append(f"{source.where}: {source.uid!r} is not there")
            continue
        interval = _mapping(counterpart.get("jsonData")).get("timeInterval", "")
        provisioned = record.data.intervals.get(source.uid, "")
        if interval != provisioned:
            found.append(f"{source.uid}: its interval is {interval!r}, its file says {provisioned!r}")
        health = record.data.source_health.get(source.uid)
        if health is None:
            return unknown(claim, f"the health of {source.uid!r} was not asked", [record.number])
        body = _mapping(health.body)
        if health.status != 200 or body.get("status") != "OK":
            found.append(f"{source.uid}: {body.get('message') or _said(health)}")
    return findings(
        claim,
        found,
        good=f"{len(wanted)} data sources, healthy",
        expected="the provisioned data sources, healthy",
        evidence=[record.number],
    )


def judge_dashboards(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """What it serves is what the files say, but for what Grafana fills in by itself."""
    files: dict[str, str] = record.data.files
    found, count, left = [], 0, []
    for name, text in files.items():
        written = _dashboard(text)
        if written is None:
            found.append(f"{name}: is no dashboard, so it is not loaded")
            continue
        if not written.get("uid"):  # Grafana makes one up
            left.append(name)
            continue
        answer = record.data.dashboards.get(written["uid"])
        if answer is None or answer.status != 200:
            found.append(f"{name}: not loaded ({answer.status if answer else 'not asked'})")
            continue
        served = _mapping(answer.body).get("dashboard")
        if not isinstance(served, dict):
            return unknown(claim, f"{name}: Grafana answers {_said(answer)}", [record.number])
        count += 1
        found += [f"{name}: {text}" for text in differences(written, served, "$")]
        if _mapping(_mapping(answer.body).get("meta")).get("provisioned") is False:
            found.append(f"{name}: is there, but not from a file")
    beside = f"; without a uid and not compared: {', '.join(left)}" if left else ""
    if left and not count and not found:
        return not_verified(claim, beside.removeprefix("; "))
    return findings(
        claim,
        found,
        good=f"{count} dashboards as in their files{beside}",
        expected="the files' content",
        evidence=[record.number],
    )


def _dashboard(text: str) -> dict[str, Any] | None:
    """The dashboard in a file's text as Grafana reads it; None when it takes none from there."""
    try:
        data = jsontext.value(text)
    except Mistake:
        return None
    return data if isinstance(data, dict) and isinstance(data.get("uid") or "", str) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _asked(answer: GrafanaAnswer | None) -> GrafanaAnswer:
    if answer is None:
        raise Gap("Grafana was not asked")
    return answer


def _said(answer: GrafanaAnswer) -> str:
    return f"{answer.status}: {str(answer.body)[:200]}"


def differences(written: Any, served: Any, path: str) -> list[str]:
    """What of a file is not served as it is written; keys that Grafana adds are its own business."""
    if isinstance(written, dict) and isinstance(served, dict):
        return [
            text
            for key, value in written.items()
            if not (path == "$" and key in OWN) and value not in (None, "", [], {})
            for text in (
                differences(value, served[key], f"{path}.{key}")
                if key in served
                else [f"{path}.{key}: left out"]
            )
        ]
    if isinstance(written, list) and isinstance(served, list):
        if len(written) != len(served):
            return [f"{path}: {len(served)} items, the file has {len(written)}"]
        pairs = enumerate(zip(written, served, strict=True))
        return [text for index, items in pairs for text in differences(*items, f"{path}[{index}]")]
    return [] if written == served else [f"{path}: {served!r}, the file says {written!r}"]


def judge_queries(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """Through Grafana every query is expanded as here, and gives what the direct one gave."""
    if not record.data.same_server:
        return not_verified(claim, record.data.other_server)
    rows = list(evidence.history.of(GrafanaQuery))
    if not rows:
        return unknown(claim, "no query was asked through Grafana", [record.number])
    if why := evidence.why_missing("grafana_query"):
        raise Gap(f"a query could not be asked through Grafana{why}")
    direct = {record.number: record for record in evidence.history.of(PanelAsked)}
    found = []
    for row in rows:
        where = f"{row.data.dashboard}: {row.data.path}"
        if row.data.error:
            found.append(f"{where}: {row.data.error}")
            continue
        mine = direct[row.data.of].data
        if row.data.expression and row.data.expression != mine.expanded:
            found.append(f"{where}: Grafana asks {row.data.expression!r}, expanded here {mine.expanded!r}")
        if not mine.instant and row.data.step and row.data.step != go_form(mine.step):
            found.append(f"{where}: Grafana's step is {row.data.step}, here {go_form(mine.step)}")
        found += [f"{where}: {text}" for text in _series(mine.series or (), row.data.series)]
    return findings(
        claim,
        found,
        good=f"{len(rows)} queries, expanded and answered alike",
        expected="the same expression, the same points",
        tolerance="a part in 10^9",
        evidence=[record.number, *(row.number for row in rows)],
    )


def _series(mine: Sequence[Drawn], theirs: Sequence[Drawn]) -> list[str]:
    def by_labels(series: Sequence[Drawn]) -> dict[Labels, dict[float, float]]:
        return {label_set(drawn.labels): {round(t, 3): v for t, v in drawn.points} for drawn in series}

    left, right = by_labels(mine), by_labels(theirs)
    if left.keys() != right.keys():
        return [
            f"{len(right)} series through Grafana, {len(left)} directly, {len(left.keys() & right.keys())} in common"
        ]
    found = []
    for labels, points in left.items():
        other = right[labels]
        wrong = [t for t, value in points.items() if not _same(value, other.get(t))]
        if wrong:
            t = wrong[0]
            found.append(
                f"{dict(labels)} at {t:.2f} s is {other.get(t)} through Grafana, {points[t]} directly"
            )
    return found


def _same(value: float, other: float | None) -> bool:
    if other is None:
        return False
    # Grafana sends NaN and infinities as null.
    if not math.isfinite(value):
        return not math.isfinite(other)
    return math.isclose(value, other, rel_tol=RELATIVE, abs_tol=1e-12)


def judge_login(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """The documented account gets in."""
    answer = _asked(record.data.account)
    found = (
        [] if answer.status == 200 else [f"the documented account is answered {answer.status}: {answer.body}"]
    )
    return findings(
        claim,
        found,
        good="the documented account is logged in",
        expected="200 for the account",
        evidence=[record.number],
    )


def judge_anonymous(claim: Claim, record: Record[GrafanaAsked], evidence: Evidence) -> Verdict:
    """Without a login nothing is told."""
    status = _asked(record.data.anonymous).status
    found = [] if status in (401, 403) else [f"without a login /api/datasources answers {status}"]
    return findings(
        claim, found, good=f"refused with {status}", expected="401 without a login", evidence=[record.number]
    )


CHECKS = tuple(
    register(Check(f"grafana-{name}", _one(f"grafana/{name}"), _with_server(judge), order=790))
    for name, judge in (
        ("health", judge_health),
        ("datasource", judge_source),
        ("dashboards", judge_dashboards),
        ("queries", judge_queries),
        ("login", judge_login),
        ("anonymous", judge_anonymous),
    )
)
