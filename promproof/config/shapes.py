"""The shape of the files of Prometheus and Alertmanager, as far as a run relies on it.

Keys that are not named here are the programs' own business: promtool and amtool know them all. What is named is taken
as the programs take it (prometheus/model/rulefmt, config/config.go; alertmanager/config): a key with nothing after
its colon is not there, and a number or a date is taken as the text that stands in the file.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from promproof.config.durations import parse_milliseconds
from promproof.config.inputs import Document, describe
from promproof.config.yamlfile import key_text

_TRUE = ("true", "yes", "on", "y")
_FALSE = ("false", "no", "off", "n")


def _text(value: Any) -> Any:
    """The text of a scalar: `true` and whole numbers come parsed from the reader, all else as it was written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | str) else value


def _boolean(value: Any) -> Any:
    """YAML 1.1's words too: Go's YAML takes them for a field that is a boolean."""
    word = str(value).lower()
    return True if word in _TRUE else False if word in _FALSE else value


def _duration(text: str) -> str:
    parse_milliseconds(text)
    return text


Text = Annotated[str, BeforeValidator(_text)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Duration = Annotated[Text, AfterValidator(_duration)]
Texts = dict[str, Text]


class Shape(BaseModel):
    """Other keys than those named are let through."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class RuleShape(Shape):
    """One rule; it is an alerting one when `alert` says so."""

    alert: Text | None = None
    record: Text | None = None
    expr: Text
    hold: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    labels: Texts | None = None
    annotations: Texts | None = None


class GroupShape(Shape):
    """A rule group."""

    name: Text
    interval: Duration | None = None
    query_offset: Duration | None = None
    labels: Texts | None = None
    rules: list[RuleShape] | None = None


class RuleFile(Shape):
    """A rule file."""

    groups: list[GroupShape] | None = None


class TargetGroup(Shape):
    """An entry of static_configs."""

    targets: list[Text] | None = None
    labels: Texts | None = None


class JobShape(Shape):
    """A scrape job."""

    job_name: Text
    scheme: Text | None = None
    metrics_path: Text | None = None
    scrape_interval: Duration | None = None
    scrape_timeout: Duration | None = None
    static_configs: list[TargetGroup] | None = None
    relabel_configs: list[dict[str, Any]] | None = None


class AlertmanagerEntry(Shape):
    """One of the Alertmanagers that Prometheus sends to."""

    static_configs: list[TargetGroup] | None = None
    relabel_configs: list[dict[str, Any]] | None = None


class AlertingShape(Shape):
    """Where Prometheus sends alerts."""

    alertmanagers: list[AlertmanagerEntry] | None = None


class GlobalShape(Shape):
    """What holds for all jobs."""

    scrape_interval: Duration | None = None
    scrape_timeout: Duration | None = None
    evaluation_interval: Duration | None = None
    rule_query_offset: Duration | None = None
    external_labels: Texts | None = None


class PrometheusFile(Shape):
    """A Prometheus configuration."""

    everywhere: GlobalShape | None = Field(default=None, alias="global")
    rule_files: list[Text] | None = None
    scrape_config_files: list[Text] | None = None
    scrape_configs: list[JobShape] | None = None
    alerting: AlertingShape | None = None


class JobsFile(Shape):
    """A file that scrape_config_files names."""

    scrape_configs: list[JobShape] | None = None


class RouteShape(Shape):
    """A route with its children. Alertmanager's own words for what is left out are in `routing`."""

    receiver: Text | None = None
    match: Texts | None = None
    match_re: Texts | None = None
    matchers: list[Text] | None = None
    goes_on: Boolean | None = Field(default=None, alias="continue")
    group_by: list[Text] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    routes: list[RouteShape] | None = None


class WebhookShape(Shape):
    """A webhook of a receiver."""

    url: Text | None = None
    send_resolved: bool | None = None


class ReceiverShape(Shape):
    """A receiver; its other integrations are lists of mappings."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[dict[str, Any]] | Text | None] = Field(init=False)

    name: Text
    webhook_configs: list[WebhookShape] | None = None


class AlertmanagerGlobal(Shape):
    """What holds for all receivers."""

    resolve_timeout: Duration | None = None


class AlertmanagerFile(Shape):
    """An Alertmanager configuration."""

    everywhere: AlertmanagerGlobal | None = Field(default=None, alias="global")
    route: RouteShape | None = None
    receivers: list[ReceiverShape] | None = None
    templates: list[Text] | None = None
    inhibit_rules: list[dict[str, Any]] | None = None


ShapeT = TypeVar("ShapeT", bound=Shape)


def shaped(document: Document, shape: type[ShapeT], what: str) -> ShapeT:
    """The data of a document in its shape.

    Raises:
        InputError: a key has another type, or a duration is none; with file, line and key.
    """
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        raise describe(document, error, what, partial(key_text, document.data)) from error
