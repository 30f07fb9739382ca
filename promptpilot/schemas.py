"""What clients send, validated so strictly that nothing gets in which a database cannot hold.

Unknown keys are refused: a misspelt `latency_seconds` would make a client expect what never happens.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from promptpilot.provider import Outcome, Simulation
from promptpilot.store import NewAlert


def _storable(text: str) -> str:
    if "\0" in text:  # PostgreSQL has no NUL in text
        raise ValueError("a NUL character cannot be stored")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("half a surrogate pair cannot be stored")
    return text


def _sensible(time: AwareDatetime) -> AwareDatetime:
    if not 2 <= time.year <= 9998:  # a shift to UTC must stay inside the calendar
        raise ValueError("a year from 2 to 9998 is expected")
    return time


def _end_or_none(time: AwareDatetime) -> AwareDatetime | None:
    # Alertmanager writes the zero time, year 1, for an alert without an end.
    return None if time.year == 1 else _sensible(time)


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
Start = Annotated[AwareDatetime, AfterValidator(_sensible)]
End = Annotated[AwareDatetime, AfterValidator(_end_or_none)]
Inputs = Annotated[
    dict[Text, Annotated[Text, StringConstraints(max_length=1000)] | bool | int | float | None],
    Field(max_length=100),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PromptBody(_Strict):
    name: Name
    template: Annotated[Text, StringConstraints(min_length=1, max_length=10_000)]


class PipelineBody(_Strict):
    name: Name
    prompt_ids: Annotated[list[int], Field(min_length=1, max_length=50)]


class SimulateBody(_Strict):
    outcome: Outcome | None = None
    latency_seconds: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 0.0
    chunks: Annotated[int, Field(ge=1, le=1000)] = 5
    fail_attempts: Annotated[int, Field(ge=0, le=1000)] = 0

    def simulation(self) -> Simulation:
        return Simulation(self.outcome, self.latency_seconds, self.chunks, self.fail_attempts)


class _ExecuteBody(_Strict):
    inputs: Inputs = {}
    simulate: SimulateBody = SimulateBody()


class PromptExecuteBody(_ExecuteBody):
    stream: bool = False


class PipelineExecuteBody(_ExecuteBody):
    stream: Literal[False] = False


class _Lenient(BaseModel):
    """Alertmanager may add keys; those are not ours to refuse."""

    model_config = ConfigDict(extra="ignore")


class AlertBody(_Lenient):
    status: Literal["firing", "resolved"]
    labels: dict[Text, Text]
    annotations: dict[Text, Text] = {}
    starts_at: Annotated[Start, Field(alias="startsAt")]
    ends_at: Annotated[End | None, Field(alias="endsAt")] = None
    generator_url: Annotated[Text, Field(alias="generatorURL")] = ""
    fingerprint: Text = ""


class NotificationBody(_Lenient):
    """Alertmanager's webhook payload, version 4 (https://prometheus.io/docs/alerting/latest/configuration/)."""

    version: Literal["4"]
    receiver: Text
    group_key: Annotated[Text, Field(alias="groupKey")]
    status: Literal["firing", "resolved"]
    alerts: Annotated[list[AlertBody], Field(max_length=10_000)]

    def new_alerts(self) -> list[NewAlert]:
        return [
            NewAlert(
                receiver=self.receiver,
                group_key=self.group_key,
                status=alert.status,
                labels=alert.labels,
                annotations=alert.annotations,
                starts_at=alert.starts_at,
                ends_at=alert.ends_at,
                generator_url=alert.generator_url,
                fingerprint=alert.fingerprint,
            )
            for alert in self.alerts
        ]
