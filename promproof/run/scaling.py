"""Which time scale a run takes: the one that is asked for, or the largest that nothing forbids, and what forbids more.

What can forbid it: a duration of the folder or of the target's environment, how often a job is scraped, and the power
gate of the planned drills. It is all asked before anything is started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from promproof.config.durations import format_milliseconds
from promproof.config.folder import Folder
from promproof.config.largestscale import Visit, fitting
from promproof.config.timescale import TimeScale
from promproof.contract.model import Contract
from promproof.drills.drill import Loaded
from promproof.drills.plan import power_gate
from promproof.errors import EvidenceError, InputError
from promproof.grafana.durations import milliseconds
from promproof.grafana.provisioning import Texts
from promproof.run.options import DEFAULT_TIME_SCALE, LARGEST_TIME_SCALE, Options, wish_of
from promproof.run.pace import timing_of
from promproof.run.prepared import Prepared
from promproof.run.spare import wanting
from promproof.stack.choice import Can, Wish, abilities, slow
from promproof.stack.protocol import READY_PATHS

DURATION = re.compile(r"\{duration:([^}]+)\}")
"""A duration in a text of the target's environment."""
NODE_JOBS = ("node", "node-exporter")
"""Jobs that are Node Exporter's, beside one with the component's own name."""


def kept_jobs(contract: Contract) -> set[str]:
    """The scrape jobs that a run can give an address; the others are left out of its configuration."""
    return {contract.target.job, *READY_PATHS, *NODE_JOBS}


def of_folder(
    options: Options,
    contract: Contract,
    folder: Folder,
    dashboards: Texts,
    spare: Callable[[], float] | None = None,
    most: float = LARGEST_TIME_SCALE,
) -> tuple[TimeScale, str]:
    """The scale that the files allow, and why it is not larger; empty for the largest, and for one that was asked for.

    spare: how many processors this machine has for one beyond the default; None where none is wanted. most: the largest
    that is taken then.

    Raises:
        InputError: the one that was asked for does not do, with the largest that does; a duration is none.
    """
    if Can.SCALE not in abilities(wish_of(options)):
        if options.time_scale not in (None, 1):
            raise InputError(
                what=f"time scale {options.time_scale:g}: a stack that runs already keeps its durations",
                where="--time-scale",
                expected="1, or nothing",
                todo="leave it out",
            )
        return TimeScale(1), ""
    visit = partial(_visit, contract, folder, dashboards)
    if options.time_scale is None:
        wish = wish_of(options, contract.deployment)
        return _largest(visit, spare, most, "" if spare is None else _shared(wish) or slow(wish))
    asked = TimeScale(options.time_scale)
    if asked.is_identity:
        return asked, ""
    fit, forbids = fitting(visit, asked.factor)
    if forbids is not None:
        raise _with_largest(forbids, fit[0])
    return asked, ""


def _largest(
    visit: Visit, spare: Callable[[], float] | None, largest: float, refused: str
) -> tuple[TimeScale, str]:
    """The largest scale that files and machine allow, and why it is not larger."""
    most = TimeScale(DEFAULT_TIME_SCALE if spare is None else largest)
    fit, forbids = fitting(visit, most.factor)
    if spare is None or fit[0].factor <= DEFAULT_TIME_SCALE:
        return fit[0], _reason(most, forbids)
    given = 0.0 if refused else spare()
    for scale in fit:
        if scale.factor <= DEFAULT_TIME_SCALE or not (refused or wanting(scale.factor, given)):
            break
    if scale == fit[0]:
        return scale, _reason(most, forbids)
    return scale, f"at {fit[0]}: {refused or wanting(fit[0].factor, given)}"


def _shared(wish: Wish) -> str:
    """Why a target is not sent more than is written."""
    return "the target runs already, and may be there for others" if wish.target_runs else ""


def fitted(prepared: Prepared, refuse: Callable[[Prepared], None]) -> Prepared:
    """The run at a scale at which nothing is refused: the one asked for, or else the largest.

    Raises:
        InputError: it is refused at every scale, or at the one that was asked for: with the largest that does.
    """
    try:
        refuse(prepared)
    except InputError as error:
        refused = error
    else:
        return prepared
    for scale in smaller(prepared, prepared.scale.factor)[1:]:
        scaled = replace(prepared, scale=scale)
        try:
            refuse(scaled)
        except InputError:
            continue
        if prepared.options.time_scale is not None:
            raise _with_largest(refused, scale)
        return replace(scaled, scale_reason=_reason(prepared.scale, refused))
    raise refused


def smaller(prepared: Prepared, most: float) -> list[TimeScale]:
    """The time scales up to `most` that every duration survives, the largest first; none below the deployed 1."""
    if prepared.scale.is_identity or most < 1:
        return []
    return fitting(partial(_visit, prepared.contract, prepared.folder, prepared.dashboards), most)[0]


def gate(prepared: Prepared, drill: Loaded) -> None:
    """The power gate of the main job's drill, as written; an alert that is routed nowhere is for the checks to say.

    Raises:
        InputError: its two sides cannot be told apart at this scale.
    """
    alert = prepared.contract.alert(drill.plan.alert)
    try:
        timing = timing_of(prepared, alert)
    except EvidenceError:
        return
    drill = quickened(drill, prepared.scale)
    power_gate(drill, alert, timing, prepared.scale, prepared.contract.edges(alert))


def quickened(drill: Loaded, scale: TimeScale) -> Loaded:
    """The drill at a scale beyond the default, for which it is written: a window holds as many events as there."""
    share = scale.factor / DEFAULT_TIME_SCALE
    return drill.at_rate(share) if share > 1 else drill


def with_rates(prepared: Prepared, drills: Sequence[Loaded]) -> Prepared:
    """The run that says which of these drills are driven faster than they are written."""
    faster = [
        f"{drill.plan.name} with {quick.plan.rate:g} sessions a second instead of {drill.plan.rate:g}"
        for drill in drills
        if (quick := quickened(drill, prepared.scale)) != drill
    ]
    return replace(prepared, scale_reason="; ".join([*faster, *filter(None, [prepared.scale_reason])]))


def told(prepared: Prepared) -> str:
    """The time scale in words, with why it is not larger, or what is faster for it."""
    why = f" ({prepared.scale_reason})" if prepared.scale_reason else ""
    return f"time scale {prepared.scale}{why}"


def _visit(contract: Contract, folder: Folder, dashboards: Texts, scale: TimeScale) -> None:
    """Scale what a run would scale."""
    scale.prometheus(folder.prometheus.data, folder.prometheus.where, jobs=kept_jobs(contract))
    for rules in folder.rules:
        scale.rule_file(rules.data, rules.where)
    if folder.alertmanager is not None:
        scale.alertmanager(folder.alertmanager.data, folder.alertmanager.where)
    for key, value in contract.target.environment.items():
        for duration in DURATION.findall(value):
            scale.duration(duration, f"target.environment.{key}")
    for source in dashboards.sources:
        try:
            interval = milliseconds(source.interval) if source.interval and "$" not in source.interval else 0
        except ValueError:  # what is wrong with the data source is said of it
            continue
        scale.milliseconds(interval, f"{source.where}, {format_milliseconds(interval)}")


def _reason(asked: TimeScale, error: InputError | None) -> str:
    """Why a scale is not taken, in one line."""
    if error is None:
        return ""
    what = error.what.splitlines()[0].removeprefix(f"time scale {asked} is too large: ")
    return "; ".join(
        part for part in (f"at {asked}: {what}", error.where.rpartition("/")[2], error.expected) if part
    )


def _with_largest(error: InputError, scale: TimeScale) -> InputError:
    return InputError(
        what=error.what,
        where=error.where,
        expected=f"{error.expected}, or a time scale of at most {scale}"
        if error.expected
        else f"at most {scale}",
        todo=f"--time-scale {scale} would do; without the option the largest that does is taken",
    )
