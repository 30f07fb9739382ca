"""Texts of notifications: templates that no file defines, and labels of a group that the group does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, each_receiver, register
from promproof.findings.notifications import Slip, slips
from promproof.findings.part import Part
from promproof.findings.setup import Alertmanager, Receiver, Setup

UNDEFINED = register(
    Kind(
        id="alertmanager/undefined-template",
        severity=Severity.ERROR,
        title="a template that no file defines",
        why="Alertmanager loads such a file without a word. Every notification of the receiver then fails.",
        example="""
route: {receiver: chat}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, title: '{{ template "our.title" . }}'}]}]
""",
        instead="""
# ours.tmpl
{{ define "our.title" }}{{ .CommonLabels.alertname }}{{ end }}
# alertmanager.yml
templates: [ours.tmpl]
route: {receiver: chat}
receivers:
- name: chat
  slack_configs:
  - api_url_file: /slack
    title: '{{ template "our.title" . }}'
    text: '{{ template "slack.default.text" . }}'
""".lstrip(),
    )
)
GROUP = register(
    Kind(
        id="alertmanager/label-not-in-group",
        severity=Severity.WARNING,
        title="a label of the group that no route groups by",
        why=".GroupLabels has the labels of group_by and no others: the text stays empty.",
        example="""
route: {receiver: chat, group_by: [alertname]}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, title: 'on {{ .GroupLabels.cluster }}'}]}]
""",
        instead="""
route: {receiver: chat, group_by: [alertname, cluster]}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, title: 'on {{ .GroupLabels.cluster }}'}]}]
""",
    )
)
BAD = register(
    Kind(
        id="alertmanager/bad-template",
        severity=Severity.ERROR,
        title="a text that the template engine refuses",
        why="Alertmanager loads a receiver with such a text without a word. Every notification of it then fails:"
        " functions of Helm and Prometheus are not there, and each block needs its end.",
        example="""
route: {receiver: chat}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, title: '{{ .Status | default "none" }}'}]}]
""",
        instead="""
route: {receiver: chat}
receivers:
- {name: chat, slack_configs: [{api_url_file: /slack, title: '{{ if .Status }}{{ .Status | toUpper }}{{ end }}'}]}
""",
    )
)
FIELD = register(
    Kind(
        id="alertmanager/field-of-an-alert",
        severity=Severity.ERROR,
        title="a field of one alert in a text about many",
        why="A notification is about a group of alerts. It has .Alerts, .CommonLabels and .CommonAnnotations;"
        " .Labels, .Annotations or .StartsAt outside of a range fail, and the notification with them.",
        example="""
route: {receiver: chat}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, text: 'since {{ .StartsAt }}'}]}]
""",
        instead="""
route: {receiver: chat}
receivers:
- name: chat
  slack_configs:
  - api_url_file: /slack
    title: '{{ (index .Alerts 0).Labels.job }}'
    text: '{{ range .Alerts }}{{ .StartsAt }} {{ end }}'
""",
    )
)
# template/default.tmpl, and those that newer versions add in the same manner.
_DEFAULT = re.compile(r"__\w+|\w+\.default\.[\w.]+")
_DEFINED = re.compile(r"""\{\{-?\s*(?:define|block)\s+["`]([^"`]+)["`]""")
_USED = re.compile(r"""\{\{-?\s*template\s+["`]([^"`]+)["`]""")
_GROUP_LABEL = re.compile(r"\.GroupLabels\.(\w+)|index\s+\$?\.GroupLabels\s+\"(\w+)\"")
_GUARDED = re.compile(r"\{\{-?\s*(?:else\s+)?(?:if|with)\b[^}]*\.GroupLabels")
_METHODS = ("SortedPairs", "Names", "Values", "Remove", "String")


@each_receiver(UNDEFINED)
def judge_names(receiver: Receiver, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The templates that a receiver names, where all files are known."""
    if server.unread_templates or is_resource(server):
        return
    defined = {name for template in server.templates for name in _DEFINED.findall(template.text)}
    for part, key, text in _texts(receiver):
        for name in dict.fromkeys(_USED.findall(text)):
            if name not in defined and not _DEFAULT.fullmatch(name) and name not in _DEFINED.findall(text):
                files = ", ".join(template.name for template in server.templates)
                yield UNDEFINED.at(
                    part.at(*key),
                    f"no file defines the template {name!r}: "
                    + (f"`templates:` has {files}" if files else "there is no `templates:`"),
                    effect=f"every notification to {receiver.name!r} fails",
                    todo="define it in a file of `templates:`, or correct the name",
                    see="amtool template render --template.glob FILES"
                    f" --template.text '{{{{ template \"{name}\" . }}}}'",
                )


@each_alertmanager(BAD, FIELD)
def judge_texts(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """What is executed for each notification: texts of receivers, and files of `templates:`."""
    texts = [
        (part, key, text, False) for receiver in server.receivers for part, key, text in _texts(receiver)
    ]
    texts += [(template.part, (), template.text, True) for template in server.templates]
    for part, key, text, is_file in texts:
        for slip in slips(text, is_file=is_file):
            kind = FIELD if slip.kind == "field" else BAD
            yield kind.at(
                part.at(*key),
                slip.text,
                effect="Alertmanager does not load the file"
                if is_file
                else "every notification with this text fails",
                todo=_todo(slip),
                see="amtool template render --template.glob FILES --template.text TEXT",
            )


def _todo(slip: Slip) -> str:
    if slip.kind == "field":
        common = {"Labels": ".CommonLabels", "Annotations": ".CommonAnnotations"}.get(slip.name)
        return "put it into {{ range .Alerts }}" + (f", or read {common}" if common else "")
    if slip.kind == "unknown":
        return "read a field that is there: .CommonLabels, .CommonAnnotations, .Alerts, .Status"
    return "write {{ if }} instead" if slip.kind == "function" else "close each range, if and with once"


@each_receiver(GROUP)
def judge_labels(receiver: Receiver, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The labels of .GroupLabels against group_by of all routes that lead here."""
    groups = [route.group_by for route in server.routes if route.receiver == receiver.name]
    # A route of a resource that says nothing groups as the tree does that it is put into.
    if not groups or any("..." in labels or (not labels and is_resource(server)) for labels in groups):
        return
    grouped = {label for labels in groups for label in labels}
    for part, key, text in _texts(receiver):
        if _GUARDED.search(text):
            continue
        for label in dict.fromkeys(field or indexed for field, indexed in _GROUP_LABEL.findall(text)):
            if label not in grouped and label not in _METHODS:
                yield GROUP.at(
                    part.at(*key),
                    f"no route to {receiver.name!r} groups by {label!r}: there are "
                    + (", ".join(sorted(grouped)) or "none"),
                    effect="the text is empty there",
                    todo=f"group by {label}, or read .CommonLabels.{label}",
                    see=f"amtool config routes show --config.file={server.argument}",
                )


def _texts(receiver: Receiver) -> Iterator[tuple[Part, tuple[str | int, ...], str]]:
    for _, part in receiver.integrations:
        for key, text in _strings(part.data):
            if "{{" in text:
                yield part, key, text


def _strings(data: object, key: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _strings(value, (*key, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _strings(value, (*key, index))
