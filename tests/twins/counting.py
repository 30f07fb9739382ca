"""Metrics of PromptPilot that count, time or forget wrongly when something unusual happens."""

from __future__ import annotations

from promptpilot.instrument import CLIENT_CLOSED_REQUEST
from promptpilot.metrics import DURATION_BUCKETS, Metrics, Totals


class StatusClass(Metrics):
    def counter_labels(self, method: str, endpoint: str, status: int) -> tuple[str, str, str]:
        return (method, endpoint, f"{status // 100}xx")


class _Without(Metrics):
    """Some requests end without being counted; the gauge goes down."""

    def lost(self, method: str, endpoint: str, status: int) -> bool:
        raise NotImplementedError

    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if self.lost(method, endpoint, status):
            self.request_left(method, endpoint)
        else:
            super().request_ended(method, endpoint, status, seconds)


class BrokenBodiesUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == CLIENT_CLOSED_REQUEST


class RefusalsUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == 422


class ConflictsUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == 409


class BrokenBodiesAre400(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        super().request_counted(method, endpoint, 400 if status == CLIENT_CLOSED_REQUEST else status)


class BrokenBodiesAre500(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        super().request_counted(method, endpoint, 500 if status == CLIENT_CLOSED_REQUEST else status)


class GaugeLeaksForBrokenBodies(Metrics):
    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if status == CLIENT_CLOSED_REQUEST:
            self.request_started(method, endpoint)
        super().request_ended(method, endpoint, status, seconds)


class GaugeClamped(Metrics):
    most = 5
    under_way = 0

    def request_started(self, method: str, endpoint: str) -> None:
        self.under_way += 1
        self.in_progress.labels(method, endpoint).set(min(self.under_way, self.most))

    def request_left(self, method: str, endpoint: str) -> None:
        self.under_way -= 1
        self.in_progress.labels(method, endpoint).set(min(self.under_way, self.most))


class ErrorsUntimed(Metrics):
    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if status < 400:
            super().request_ended(method, endpoint, status, seconds)
        else:
            self.request_left(method, endpoint)
            self.request_counted(method, endpoint, status)


class Rounded(Metrics):
    def observed(self, seconds: float) -> float:
        return round(seconds, 1)


class WholeSeconds(Metrics):
    def observed(self, seconds: float) -> float:
        return float(int(seconds))


class LongOnesUntimed(Metrics):
    """Leaves out of the histogram what it takes for an outlier."""

    def request_timed(self, method: str, endpoint: str, seconds: float) -> None:
        if seconds <= 2:
            super().request_timed(method, endpoint, seconds)


class CutAtTheLastEdge(Metrics):
    """Takes what is longer than all buckets for an outlier, and cuts it."""

    def observed(self, seconds: float) -> float:
        return min(seconds, DURATION_BUCKETS[-1])


class TwentiethLonger(Metrics):
    def observed(self, seconds: float) -> float:
        return seconds * 1.05


class TenthShorter(Metrics):
    def observed(self, seconds: float) -> float:
        return seconds * 0.9


class OutlivedUnderOwnId(Metrics):
    """An execution that outlives its prompt brings the series back."""

    def prompt_executed(self, prompt_id: int, outcome: str) -> None:
        self.prompt_executions.labels(*self.execution_labels(str(prompt_id), outcome)).inc()


class OutlivedUncounted(Metrics):
    def prompt_executed(self, prompt_id: int, outcome: str) -> None:
        if self.prompt_places.label(prompt_id) != "other":
            super().prompt_executed(prompt_id, outcome)


class PromptCostBornLate(Metrics):
    def prompt_added(self, prompt_id: int) -> None:
        super().prompt_added(prompt_id)
        self.prompt_cost.remove(str(prompt_id))


class OtherBornLate(Metrics):
    def _start_prompt(self, label: str) -> None:
        if label != "other":
            super()._start_prompt(label)


class TotalsKept(Metrics):
    """The last number of rows, for as long as the database says none."""

    known: Totals | None = None

    def render(self, totals: Totals | None) -> bytes:
        self.known = totals or self.known
        return super().render(self.known)


class TotalsZero(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return super().render(totals or Totals(0, 0))


class AllGoesWithTheDatabase(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return super().render(totals) if totals else b""


class StatusesBornLate(Metrics):
    def expect_status(self, method: str, endpoint: str, status: int) -> None:
        pass


class ErrorsBornLate(Metrics):
    def expect_status(self, method: str, endpoint: str, status: int) -> None:
        if status != 500:
            super().expect_status(method, endpoint, status)


class DurationsBornLate(Metrics):
    def expect_routes(self, routes: object) -> None:
        super().expect_routes(routes)  # type: ignore[arg-type]  # what the class is given
        self.request_duration.clear()


class StrangeMethodsNeverOpen(Metrics):
    def request_started(self, method: str, endpoint: str) -> None:
        if method != "OTHER":
            super().request_started(method, endpoint)

    def request_left(self, method: str, endpoint: str) -> None:
        if method != "OTHER":
            super().request_left(method, endpoint)
