"""Matchers of routes and inhibitions that Alertmanager can't read, and old ones beside new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from promproof.config import re2
from promproof.config.routing import matchers
from promproof.findings.alertroutes import is_resource
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alertmanager, register
from promproof.findings.part import Part
from promproof.findings.setup import Alertmanager, Setup

MATCHER = register(
    Kind(
        id="alertmanager/bad-matcher",
        severity=Severity.ERROR,
        title="a matcher that Alertmanager can't read",
        why="`matchers` is a list of texts such as 'severity=\"page\"'. Alertmanager does not start with another"
        " shape, nor with a regular expression that RE2 does not take.",
        example="""
route:
  receiver: mail
  routes: [{matchers: 'severity="page"', receiver: mail}]
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
""",
        instead="""
route:
  receiver: mail
  routes: [{matchers: ['{severity="page", alertname=~"(?i)api.*"}'], receiver: mail}]
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
""",
    )
)
MIXED = register(
    Kind(
        id="alertmanager/mixed-matchers",
        severity=Severity.INFO,
        title="`match` or `match_re` beside `matchers` in one route",
        why="An alert must meet all of them. `match` and `match_re` are deprecated, and a reader who changes one list"
        " overlooks the other.",
        example="""
route:
  receiver: mail
  routes: [{match: {severity: page}, matchers: ['team="shop"'], receiver: mail}]
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
""",
        instead="""
route:
  receiver: mail
  routes: [{matchers: ['severity="page"', 'team="shop"'], receiver: mail}, {match: {team: shop}, receiver: mail}]
receivers: [{name: mail, webhook_configs: [{url: 'http://mail'}]}]
""",
    )
)
_EFFECT = "Alertmanager does not load the file: at a start nobody is told anything"
_LOOK_AROUND = re.compile(r"\(\?(?:[=!]|<[=!])")
_BROKEN = re.compile(r"nothing to repeat|does not end|multiple repeat|unbalanced|bad character range")


@each_alertmanager(MATCHER)
def judge_matchers(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """The matchers of routes and of both sides of inhibitions."""
    if is_resource(server):
        return
    for route in server.routes:
        yield from _matchers(route.part, "matchers", server)
        yield from _patterns(route.part, "match_re", server)
    for part in server.inhibitions:
        for key in ("source_matchers", "target_matchers"):
            yield from _matchers(part, key, server)
        for key in ("source_match_re", "target_match_re"):
            yield from _patterns(part, key, server)


def _matchers(part: Part, key: str, server: Alertmanager) -> Iterator[Finding]:
    listed = part.data.get(key)
    if not isinstance(listed, list | None):
        yield _unread(part, (key,), f"{key} is {_shape(listed)}, not a list of texts", server)
        return
    for index, text in enumerate(listed or ()):
        if isinstance(text, dict | list):
            yield _unread(part, (key, index), f"a matcher is a text, not {_shape(text)}", server)
            continue
        try:
            found = matchers(str(text))
        except ValueError:
            yield _unread(part, (key, index), f"{text!r} is no matcher", server)
            continue
        for _, operator, value in found:
            if operator.endswith("~") and (reason := broken(value)):
                yield _unread(part, (key, index), f"{value!r} is no regular expression: {reason}", server)


def _patterns(part: Part, key: str, server: Alertmanager) -> Iterator[Finding]:
    listed = part.data.get(key)
    for name, value in listed.items() if isinstance(listed, dict) else ():
        reason = "it is empty" if value is None else broken(str(value))
        if reason:
            yield replace(
                _unread(part, (key, name), f"{name}: no regular expression: {reason}", server),
                todo="write a regular expression of Go (RE2), such as 'a|b'",
            )


def broken(pattern: str) -> str:
    """Why RE2 refuses a pattern; empty when it takes it, or when that is not known."""
    if _LOOK_AROUND.search(pattern):
        return "RE2 can't look ahead or behind"
    try:
        re2.whole(pattern)
    except ValueError as error:
        found = _BROKEN.search(str(error))
        return found[0] if found else ""
    return ""


def _unread(part: Part, key: tuple[str | int, ...], message: str, server: Alertmanager) -> Finding:
    return MATCHER.at(
        part.at(*key),
        message,
        effect=_EFFECT,
        todo="write a list of texts such as 'severity=\"page\"'",
        see=f"amtool check-config {server.argument}",
    )


def _shape(value: object) -> str:
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "one text"


@each_alertmanager(MIXED)
def judge_mixed(server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Old keys beside new ones, in one route or one side of an inhibition."""
    parts = [(route.part, "") for route in server.routes]
    parts += [(part, prefix) for part in server.inhibitions for prefix in ("source_", "target_")]
    for part, prefix in parts:
        old = [key for key in (f"{prefix}match", f"{prefix}match_re") if part.data.get(key)]
        if old and part.data.get(f"{prefix}matchers"):
            yield MIXED.at(
                part.at(old[0]),
                f"{' and '.join(old)} beside {prefix}matchers",
                effect="an alert must meet all of them",
                todo=f"write them all as {prefix}matchers",
                see=f"amtool config routes show --config.file={server.argument}",
            )
