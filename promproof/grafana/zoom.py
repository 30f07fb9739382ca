"""Which zooms lie: arithmetic on window, step and scrape interval for every range and width, without a server.

A window W at scrapes every s holds at least floor(W / s) samples and a rate needs two, so W >= 2 s never is empty;
below s it mostly is. A point stands for its step S: at W < S the share 1 - W / S of the time is shown nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promproof.grafana.dashboard import Dashboard, Panel, Target
from promproof.grafana.durations import go_form
from promproof.grafana.expand import MATCH_ALL, Value, chosen, options_of, substitute, with_auto
from promproof.grafana.steps import Request, Resolved, resolve
from promproof.grafana.windows import shortest

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RANGES = (5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY)
WIDTHS = (300, 500, 800, 1000, 1500, 2000)
SAMPLES_FOR_A_RATE = 2


@dataclass(frozen=True)
class Zoom:
    """One combination: range (ms), width (pixels), what it resolves to, and the shortest window of the query (ms)."""

    length: int
    width: int
    resolved: Resolved
    window: int | None
    scrape: int

    @property
    def least_samples(self) -> int | None:
        """The least number of samples in a window; None without one."""
        return None if self.window is None else self.window // self.scrape

    @property
    def unseen(self) -> float:
        """The share of the time that no point stands for."""
        return max(0.0, 1 - self.window / self.resolved.step) if self.window is not None else 0.0

    def __str__(self) -> str:
        window = f", window {go_form(self.window)}" if self.window is not None else ""
        return f"{go_form(self.length)} at {self.width} px (step {go_form(self.resolved.step)}{window})"


def matrix(
    dashboard: Dashboard,
    panel: Panel,
    target: Target,
    source_interval: str,
    scrape: int,
    ranges: Sequence[int] = RANGES,
    widths: Sequence[int] = WIDTHS,
) -> list[Zoom]:
    """Every combination for one query; variables stand at All.

    Raises:
        ValueError: a duration of the panel or the expanded query cannot be parsed.
    """
    everywhere = everything(dashboard)
    result = []
    for length in ranges:
        values = with_auto(everywhere, dashboard.variables, length)
        text = substitute(target.expression, values)
        for width in widths:
            request = Request(0, length, panel.max_data_points or width)
            resolved = resolve_target(request, panel, target, source_interval, values)
            result.append(Zoom(length, width, resolved, shortest(text, request, resolved), scrape))
    return result


def resolve_target(
    request: Request, panel: Panel, target: Target, source_interval: str, values: dict[str, Value]
) -> Resolved:
    """Step and rate interval of one query of a panel."""
    return resolve(
        request,
        min_step=substitute(target.interval, values),
        panel_interval=substitute(panel.interval, values),
        source_interval=source_interval,
        interval_factor=target.interval_factor,
    )


def everything(dashboard: Dashboard) -> dict[str, Value]:
    """Variables as they stand without a server: All matches everything, others have what the file says."""
    values: dict[str, Value] = {}
    for variable in dashboard.variables:
        if not variable.has_values:
            continue
        if variable.include_all or variable.multi:
            values[variable.name] = Value((variable.all_value or MATCH_ALL,), True, escaped=False)
        else:
            first = chosen(variable, options_of(variable)).values
            text = first[0] if first else ("5m" if variable.type == "interval" else MATCH_ALL)
            values[variable.name] = Value((text,), False, escaped=False)
    return values


def lies(zooms: Sequence[Zoom], *, alert_window: bool) -> tuple[list[str], list[str]]:
    """(what lies, what is sampled): with the alert's window a step beyond it is a documented property, no failure."""
    wrong: list[str] = []
    sampled: list[str] = []
    for zoom in zooms:
        least = zoom.least_samples
        if least is not None and least < SAMPLES_FOR_A_RATE:
            kind = "empty windows" if least == 0 else "windows with a single sample"
            wrong.append(f"{zoom}: {kind} at a scrape interval of {go_form(zoom.scrape)}")
        elif zoom.unseen > 0:
            (sampled if alert_window else wrong).append(
                f"{zoom}: {zoom.unseen:.0%} of the time is shown nowhere"
            )
    return wrong, sampled
