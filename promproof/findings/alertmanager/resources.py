"""AlertmanagerConfig resources whose keys are those of Alertmanager's own file, or matchers written as there."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.alertroutes import OPERATOR
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.part import Part
from promproof.findings.setup import Setup

_HEAD = """# resource.yaml
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: shop}
spec:
  route:
    receiver: chat
    routes: """
_RECEIVERS = """
  receivers:
  - {name: chat, slackConfigs: [{apiURL: {name: chat, key: url}}]}
  - {name: pager, pagerdutyConfigs: [{routingKey: {name: pager, key: key}}]}
"""
KEY = register(
    Kind(
        id="alertmanager/resource-key",
        severity=Severity.ERROR,
        title="a key that an AlertmanagerConfig does not have",
        why="Below the first route the operator passes over keys that it does not know: a route with `match` takes"
        " every alert. In other places the API server refuses the resource.",
        example=_HEAD + "[{match: {severity: page}, receiver: pager}]" + _RECEIVERS,
        instead=_HEAD + "[{matchers: [{name: severity, value: page}], receiver: pager}]" + _RECEIVERS,
    )
)
# Route, InhibitRule and Matcher of monitoring.coreos.com/v1alpha1 and v1beta1.
_ROUTE = frozenset(
    (
        "receiver",
        "groupBy",
        "groupWait",
        "groupInterval",
        "repeatInterval",
        "matchers",
        "continue",
        "routes",
        "muteTimeIntervals",
        "activeTimeIntervals",
    )
)
_SPEC = frozenset(("route", "receivers", "inhibitRules", "muteTimeIntervals", "timeIntervals"))
_SECRETS = {
    "slackConfigs": ("apiURL",),
    "pagerdutyConfigs": ("routingKey", "serviceKey"),
    "opsgenieConfigs": ("apiKey",),
    "webhookConfigs": ("urlSecret",),
    "emailConfigs": ("authPassword", "authSecret"),
    "discordConfigs": ("apiURL",),
    "telegramConfigs": ("botToken",),
    "victoropsConfigs": ("apiKey",),
    "pushoverConfigs": ("userKey", "token"),
    "wechatConfigs": ("apiSecret",),
    "msteamsConfigs": ("webhookUrl",),
}
"""Keys of receivers that name a key of a Secret: SecretKeySelector in both versions of the resource."""
_INSTEAD = {"match": "matchers", "match_re": "matchers, with matchType: =~"}


@whole_setup(KEY)
def judge(setup: Setup) -> Iterator[Finding]:
    """Every AlertmanagerConfig."""
    for resource in setup.resources:
        if resource.text("kind") != OPERATOR or not resource.text("apiVersion").startswith(
            "monitoring.coreos.com/"
        ):
            continue
        spec = resource.part("spec")
        yield from _unknown(spec, _SPEC, "an AlertmanagerConfig")
        if isinstance(spec.part("route").data, dict):
            yield from _route(spec.part("route"))
        for receiver in spec.items("receivers"):
            yield from _secrets(receiver)
        for rule in spec.items("inhibitRules"):
            for key in ("sourceMatch", "targetMatch"):
                yield from _matchers(rule, key)


def _route(route: Part) -> Iterator[Finding]:
    yield from _unknown(route, _ROUTE, "a route of an AlertmanagerConfig")
    yield from _matchers(route, "matchers")
    for child in route.items("routes"):
        yield from _route(child)


def _secrets(receiver: Part) -> Iterator[Finding]:
    """Texts where the API server wants the name and the key of a Secret."""
    for kind, keys in _SECRETS.items():
        for integration in receiver.items(kind):
            for key in keys:
                text = integration.text(key)
                if text and not set("{$") & set(text):
                    yield KEY.at(
                        integration.at(key),
                        f"{key} is a text, and takes the name and the key of a Secret",
                        effect="the API server refuses the resource: none of its routes is there",
                        todo=f"write {key}: {{name: NAME, key: KEY}}, and put the text into that Secret",
                        see="kubectl apply --dry-run=server",
                    )


def _unknown(part: Part, known: frozenset[str], what: str) -> Iterator[Finding]:
    for key in part.data if isinstance(part.data, dict) else ():
        if key not in known:
            text = _camel(str(key))
            instead = _INSTEAD.get(str(key)) or (text if text in known else "")
            yield _finding(
                part, key, f"{what} has no key {key!r}", f"write {instead}" if instead else "delete it"
            )


def _matchers(part: Part, key: str) -> Iterator[Finding]:
    listed = part.data.get(key)
    if listed is not None and not (
        isinstance(listed, list) and all(isinstance(item, dict) for item in listed)
    ):
        todo = "write a list of {name: severity, value: page}, with matchType where it is not ="
        yield _finding(part, key, f"{key} is no list of mappings", todo)


def _finding(part: Part, key: str, message: str, todo: str) -> Finding:
    return KEY.at(
        part.at(key),
        message,
        effect="the operator passes it over, or refuses the resource: alerts go elsewhere",
        todo=todo,
        see="kubectl apply --dry-run=server; the secret that the operator generates",
    )


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
