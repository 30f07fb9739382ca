"""Go templates in labels and annotations: what they refer to, how a value is printed, what Prometheus refuses.

Prometheus parses every template when it loads a rule and refuses the file when one is wrong; what fails when it runs
is written into the annotation. Source: prometheus/template/template.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VARIABLES = ("$labels", "$externalLabels", "$externalURL", "$value")
FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        """
    query first label value strvalue args reReplaceAll safeHtml match title toUpper toLower graphLink
    tableLink sortByLabel stripPort stripDomain humanize humanize1024 humanizeDuration
    humanizePercentage humanizeTimestamp pathPrefix externalURL parseDuration toTime toDuration now
    urlQueryEscape tmpl and call html index slice js len not or print printf println urlquery eq ge gt
    le lt ne
    """,
    )
)
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    if else end range with define block template break continue true false nil
    """,
    )
)
ACTION = re.compile(
    r"\{\{(?P<body>(?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|/\*.*?\*/|(?!\}\}|[\"`]).)*)\}\}", re.DOTALL
)
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])'")
_VARIABLE = re.compile(r"\$\w*")
_DECLARED = re.compile(r"(\$\w+)\s*(?:,\s*(\$\w+)\s*)?:=")
_WORD = re.compile(r"(?<![\w.$\"])[A-Za-z_]\w*")
_LABEL = re.compile(r"(\$labels|\$?\.Labels)\.([A-Za-z_]\w*)")
_INDEXED = re.compile(r"index\s+(\$labels|\$?\.Labels)\s+[\"`]([^\"`]+)[\"`]")
_QUERY = re.compile(r"(?:^|[\s(|])query\s+(\"(?:\\.|[^\"\\\n])*\"|`[^`]*`)")
_VALUE = re.compile(r"\$value\b|\$\.Value\b")
_DOT_VALUE = re.compile(r"(?<![\w)$])\.Value\b")
_MOVE_THE_DOT = frozenset({"range", "with", "define", "block"})
_CONTROL = re.compile(r"(if|else if|with|else with|range|end|else|define|block)\b")


@dataclass(frozen=True)
class Action:
    """What stands in one pair of braces: its text, where it begins in the template, the text right behind it."""

    body: str
    start: int
    behind: str
    inside: bool = False
    """Whether it stands in a range or with, where `.Labels` and `.Value` are those of a sample, not of the alert."""

    @property
    def control(self) -> str:
        """if, with, range, else, end, define; empty for an action that prints."""
        match = _CONTROL.match(self.body)
        return match[1] if match else ""

    @property
    def bare(self) -> str:
        """The body without what stands in quotes."""
        return _LITERAL.sub('""', self.body)

    @property
    def prints_value(self) -> bool:
        """Whether the value of the alert is written into the text."""
        if self.control or ":=" in self.bare:
            return False
        return bool(_VALUE.search(self.bare)) or (not self.inside and bool(_DOT_VALUE.search(self.bare)))

    @property
    def labels(self) -> list[str]:
        """The labels of the alert that it reads."""
        named = [*_LABEL.findall(self.bare), *_INDEXED.findall(self.body)]
        return [label for holder, label in named if not (self.inside and holder == ".Labels")]


def actions(template: str) -> list[Action]:
    """The actions of a template in their order, without comments."""
    found: list[Action] = []
    blocks: list[str] = []
    for match in ACTION.finditer(template):
        body = match["body"].removeprefix("-").removesuffix("-").strip()
        if body.startswith("/*"):
            continue
        match_control = _CONTROL.match(body)
        control = match_control[1] if match_control else ""
        if blocks and (control == "end" or control.startswith("else")):
            blocks.pop()
        inside = not _MOVE_THE_DOT.isdisjoint(blocks)
        found.append(Action(body, match.start(), template[match.end() : match.end() + 80], inside))
        if control != "end" and control:
            blocks.append(control.removeprefix("else "))
    return found


def error(template: str) -> str:
    """Why Prometheus refuses a template; empty when it takes it or when that is not sure."""
    rest = ACTION.sub("", template)
    if "{{" in rest:
        return "an action is opened with {{ and not closed"
    declared, level = set(VARIABLES) | {"$"}, 0
    for action in actions(template):
        if action.control in ("if", "with", "range", "define", "block"):
            level += 1
        elif action.control == "end":
            level -= 1
        declared |= {name for pair in _DECLARED.findall(action.bare) for name in pair if name}
        said = _refused(action, declared)
        if said:
            return said
        if level < 0:
            return "{{ end }} ends nothing"
    return "an if, with or range has no {{ end }}" if level > 0 else ""


def _refused(action: Action, declared: set[str]) -> str:
    if not action.body:
        return "an action is empty"
    unknown = next((name for name in _VARIABLE.findall(action.bare) if name not in declared), "")
    if unknown:
        return f"{unknown} is no variable of a template: there are {', '.join(VARIABLES)}"
    if "template" in action.bare.split()[:1]:
        return ""
    word = next((name for name in _WORD.findall(action.bare) if name not in FUNCTIONS | _WORDS), "")
    return f"{word} is no function of a template" if word else ""


def labels_used(template: str) -> dict[str, bool]:
    """The labels that a template reads, and whether it asks first whether they are there."""
    used: dict[str, bool] = {}
    guarded: set[str] = set()
    for action in actions(template):
        named = action.labels
        if action.control in ("if", "else if", "with", "else with") or "or" in action.bare.split():
            guarded.update(named)
        else:
            used.update(dict.fromkeys(named, False))
    return {label: label in guarded for label in used}


def queries(template: str) -> list[tuple[str, bool]]:
    """The queries with a literal text that a template asks, and whether an empty answer is an error."""
    found = []
    for action in actions(template):
        for literal in _QUERY.findall(action.body):
            text = literal[1:-1] if literal[0] == "`" else re.sub(r"\\(.)", r"\1", literal[1:-1])
            found.append((text, bool(re.search(r"\|\s*first\b", action.bare)) and not action.control))
    return found


def printed_values(template: str) -> list[Action]:
    """The actions that write the alert's value into the text."""
    return [action for action in actions(template) if action.prints_value]


def plain(template: str) -> str:
    """The text between the actions, each of which becomes `{}`."""
    return " ".join(ACTION.sub("{}", template).split())
