"""Settings that Alertmanager refuses because they contradict each other, or lack what they need.

Source: alertmanager/config/config.go and config/notifiers.go; what only newer versions take is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.config.yamlfile import Plain
from promproof.findings.alertmanager.keys import INTERVALS as _INTERVALS
from promproof.findings.alertmanager.keys import misspelt
from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, each_receiver, register
from promproof.findings.part import Part
from promproof.findings.placeholders import is_example, is_filled_in
from promproof.findings.setup import Alertmanager, Receiver, Setup

REFUSED = register(
    Kind(
        id="alertmanager/refused",
        severity=Severity.ERROR,
        title="a configuration that Alertmanager refuses",
        why="Alertmanager does not start with it, or goes on with the old one after a reload.",
        example="route: {receiver: chat}\nreceivers: [{name: chat, slack_configs: [{channel: '#alerts'}]}]",
        instead="""
global: {slack_api_url_file: /etc/alertmanager/slack}
route: {receiver: chat}
receivers: [{name: chat, slack_configs: [{channel: '#alerts'}]}]
""",
    )
)
UNKNOWN = register(
    Kind(
        id="alertmanager/unknown-key",
        severity=Severity.ERROR,
        title="a key that is not there, or not in this integration",
        why="Alertmanager does not start with a key that it does not know, or goes on with the old file.",
        example="""
global: {smtp_smarthost: 'mail:25', smtp_from: a@example.org}
route: {receiver: mail}
receivers: [{name: mail, email_configs: [{to: b@example.org, subject: 'Alert'}]}]
""",
        instead="""
global: {smtp_smarthost: 'mail:25', smtp_from: a@example.org}
route: {receiver: mail}
receivers: [{name: mail, email_configs: [{to: b@example.org, headers: {Subject: 'Alert'}, text: '{{ .Status }}'}]}]
""",
    )
)
_EFFECT = "Alertmanager does not load the file: at a start nobody is told anything"
# Each integration needs one of the keys, in it or in `global`; each key also ends in _file.
_NEEDS = {
    "slack_configs": (("api_url", "app_token"), ("slack_api_url", "slack_app_token")),
    "opsgenie_configs": (("api_key",), ("opsgenie_api_key",)),
    "victorops_configs": (("api_key",), ("victorops_api_key",)),
    "telegram_configs": (("bot_token",), ("telegram_bot_token",)),
    "pagerduty_configs": (("routing_key", "service_key"), ()),
    "webhook_configs": (("url",), ()),
    "email_configs": (("smarthost",), ("smtp_smarthost",)),
    "discord_configs": (("webhook_url",), ()),
    "msteams_configs": (("webhook_url",), ()),
    "sns_configs": (("topic_arn", "target_arn", "phone_number"), ()),
}
_ADDRESSES = {
    "slack_configs": ("api_url",),
    "webhook_configs": ("url",),
    "discord_configs": ("webhook_url",),
    "msteams_configs": ("webhook_url",),
    "opsgenie_configs": ("api_url",),
    "pagerduty_configs": ("url",),
    "victorops_configs": ("api_url",),
    "telegram_configs": ("api_url",),
}
"""Keys that Alertmanager parses as an address: parseURL of its config/config.go."""
_NUMBERS = {"telegram_configs": ("chat_id",), "webhook_configs": ("max_alerts",)}
"""Keys of whole numbers, which Alertmanager does not read from a text: `'5'` is refused as `five` is."""
_PORTS = {"email_configs": ("smarthost",)}
"""Keys of a host with its port: HostPort of its config/notifiers.go."""
_OPEN = re.compile(r"[${%@#\[]|__")
"""What stands for a value that something else writes there."""
_TIMERS = ("group_wait", "group_interval", "repeat_interval")
# Keys that people take from other programs, and what to write. Only those that no version has.
_KEYS = {
    "email_configs": {
        "subject": "headers: {Subject: ...}",
        "title": "headers: {Subject: ...}",
        "body": "html or text",
        "html_body": "html",
    },
    "slack_configs": {"webhook_url": "api_url", "url": "api_url", "message": "text"},
    "telegram_configs": {"token": "bot_token", "text": "message"},
    "webhook_configs": {"webhook_url": "url", "api_url": "url"},
    "discord_configs": {"url": "webhook_url", "api_url": "webhook_url"},
    "pagerduty_configs": {"integration_key": "routing_key", "api_key": "routing_key"},
}
_EITHER = (
    "slack_api_url",
    "opsgenie_api_key",
    "victorops_api_key",
    "smtp_auth_password",
    "rocketchat_token",
    "rocketchat_token_id",
    "telegram_bot_token",
)


@each_receiver(UNKNOWN)
def judge_keys(receiver: Receiver, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The keys of each integration."""
    if is_resource(server):
        return
    for kind, part in receiver.integrations:
        for key, instead in _KEYS.get(kind, {}).items():
            if key in part:
                yield UNKNOWN.at(
                    part.at(key),
                    f"{kind} has no key {key!r}",
                    effect=_EFFECT,
                    todo=f"write {instead}",
                    see=f"amtool check-config {server.argument}",
                )


@each_alertmanager(REFUSED)
def judge_settings(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Settings that Alertmanager looks at before it starts."""
    if is_resource(server):
        return
    found = [*_root(server), *_twice(server), *_timers(server), *_both(server), *_shapes(server)]
    if not is_filled_in(server):
        found += [*_addresses(server), *_values(server)]
    for receiver in server.receivers:
        found += _needs(receiver, server.part.part("global"))
    for part, key, message in found:
        yield REFUSED.at(
            part.at(*key),
            message,
            effect=_EFFECT,
            todo="correct it",
            see=f"amtool check-config {server.argument}",
        )


@each_alertmanager(UNKNOWN)
def judge_spelling(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Keys that are nearly one that is there; those of other programs, which `judge_keys` tells, are left to it."""
    for part, key, meant in () if is_resource(server) else misspelt(server):
        kind = str(part.key[-2]) if len(part.key) > 1 else ""
        if key not in _KEYS.get(kind, {}):
            yield UNKNOWN.at(
                part.at(key),
                f"there is no key {key!r} here",
                effect=_EFFECT,
                todo=f"write {meant}",
                see=f"amtool check-config {server.argument}",
            )


_Mistake = tuple[Part, tuple[str, ...], str]


def _root(server: Alertmanager) -> Iterator[_Mistake]:
    if server.root is None:
        yield server.part, ("route",), "there is no route"
        return
    if not server.root.receiver:
        yield server.root.part, (), "the first route names no receiver"
    for key in ("matchers", "match", "match_re"):
        if server.root.part.data.get(key):
            yield server.root.part, (key,), "the first route takes every alert: it must not have matchers"
    for key in _INTERVALS:
        if server.root.part.words(key):
            yield server.root.part, (key,), f"the first route must not have {key}"


def _twice(server: Alertmanager) -> Iterator[_Mistake]:
    seen: set[str] = set()
    for receiver in server.receivers:
        if not receiver.name:
            yield receiver.part, (), "a receiver has no name"
        elif receiver.name in seen:
            yield receiver.part, ("name",), f"two receivers are called {receiver.name!r}"
        seen.add(receiver.name)
    names: set[str] = set()
    for part in (*server.part.items("mute_time_intervals"), *server.part.items("time_intervals")):
        if part.text("name") in names:
            yield part, ("name",), f"two time intervals are called {part.text('name')!r}"
        names.add(part.text("name"))


def _timers(server: Alertmanager) -> Iterator[_Mistake]:
    for route in server.routes:
        labels = route.part.words("group_by")
        if "..." in labels and len(labels) > 1:
            yield route.part, ("group_by",), "`...` groups by all labels: no other label may stand beside it"
        elif len(set(labels)) < len(labels):
            yield route.part, ("group_by",), "a label is in group_by twice"
        for key in ("group_interval", "repeat_interval"):
            if route.part.seconds(key) == 0:
                yield route.part, (key,), f"{key} can't be zero"


def _shapes(server: Alertmanager) -> Iterator[_Mistake]:
    """Lists that are none, and durations that are none."""
    for part, keys in (
        (server.part, ("receivers", "templates", "inhibit_rules", "time_intervals", "mute_time_intervals")),
        *((route.part, ("group_by", "routes", *_INTERVALS)) for route in server.routes),
        *((part, ("equal",)) for part in server.inhibitions),
        *(
            (receiver.part, [key for key in receiver.part.data if str(key).endswith("_configs")])
            for receiver in server.receivers
        ),
    ):
        for key in keys:
            value = part.data.get(key)
            is_filled_in = isinstance(value, str) and set("${") & set(value)
            if not isinstance(value, list | None) and not is_filled_in:
                yield part, (key,), f"{key} is no list"
    timers = [(route.part, key) for route in server.routes for key in _TIMERS]
    for part, key in [*timers, (server.part.part("global"), "resolve_timeout")]:
        text = part.text(key)
        if text and part.seconds(key) is None and not set("${") & set(text):
            yield part, (key,), f"{key}: {text!r} is no duration, 5m say"


def _both(server: Alertmanager) -> Iterator[_Mistake]:
    everywhere = server.part.part("global")
    for key in _EITHER:
        if everywhere.text(key) and everywhere.text(f"{key}_file"):
            yield everywhere, (f"{key}_file",), f"{key} and {key}_file exclude each other"


def _addresses(server: Alertmanager) -> Iterator[_Mistake]:
    """Addresses without http:// or https:// before them; one with a variable or a template in it may become one."""
    everywhere = server.part.part("global")
    for part, keys in (
        (everywhere, [key for key in everywhere.data or () if str(key).endswith("_url")]),
        *(
            (part, _ADDRESSES.get(kind, ()))
            for receiver in server.receivers
            for kind, part in receiver.integrations
        ),
    ):
        for key in keys:
            text = part.text(str(key))
            if text and not set("${<%") & set(text) and not re.match("https?://.", text, re.IGNORECASE):
                yield (
                    part,
                    (str(key),),
                    f"{key}: {text!r} is no address: it does not begin with http:// or https://",
                )


def _values(server: Alertmanager) -> Iterator[_Mistake]:
    """Texts where a number belongs, and mail servers without a port, but in a file that calls itself an example."""
    if is_example(server):
        return
    everywhere = server.part.part("global")
    hosts = [(everywhere, "smtp_smarthost")]
    for kind, part in (pair for receiver in server.receivers for pair in receiver.integrations):
        hosts += [(part, key) for key in _PORTS.get(kind, ())]
        for key in _NUMBERS.get(kind, ()):
            value = part.data.get(key) if isinstance(part.data, dict) else None
            if isinstance(value, str) and not isinstance(value, Plain) and not _OPEN.search(value):
                quoted = ": write it without quotes" if re.fullmatch(r"[-+]?\d+", value) else ""
                yield part, (key,), f"{key}: {value!r} is a text, and no number{quoted}"
    for part, key in hosts:
        text = part.text(key)
        if text and ":" not in text and not _OPEN.search(text):
            yield part, (key,), f"{key}: {text!r} has no port: {text}:587 say"


def _needs(receiver: Receiver, everywhere: Part) -> Iterator[_Mistake]:
    for kind, part in receiver.integrations:
        own, shared = _NEEDS.get(kind, ((), ()))
        if own and not _has(part, own) and not _has(everywhere, shared):
            where = f", and no {' or '.join(shared)} in global" if shared else ""
            yield part, (), f"{kind} has no {' or '.join(own)}{where}"
        if kind == "email_configs" and not part.text("to"):
            yield part, (), "email_configs has no `to`, one text"
        if kind == "email_configs" and not _has(part, ("from",)) and not _has(everywhere, ("smtp_from",)):
            yield part, (), "email_configs has no from, and no smtp_from in global"


def _has(part: Part, keys: tuple[str, ...]) -> bool:
    return any(part.text(key) or part.text(f"{key}_file") for key in keys)
