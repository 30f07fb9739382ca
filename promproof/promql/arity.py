"""Templates that Prometheus takes and that fail each time: too few or too many arguments, fields that an alert has not.

`{{ value | humanize }}` is a function without its argument, not the value of the alert, which is `$value`;
`{{ .CommonLabels.job }}` is what Alertmanager's templates have. Source: prometheus/template/template.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.promql.templates import Action, actions

ARITY = {
    **dict.fromkeys(("pathPrefix", "externalURL", "now"), 0),
    **dict.fromkeys(
        ("query", "first", "value", "strvalue", "safeHtml", "title", "toUpper", "toLower", "graphLink"), 1
    ),
    **dict.fromkeys(("tableLink", "stripPort", "stripDomain", "parseDuration", "toTime", "toDuration"), 1),
    **dict.fromkeys(("humanize", "humanize1024", "humanizeDuration", "humanizePercentage"), 1),
    **dict.fromkeys(("humanizeTimestamp", "urlQueryEscape"), 1),
    **dict.fromkeys(("label", "match", "sortByLabel"), 2),
    "reReplaceAll": 3,
}
"""How many arguments a function takes; others take any number, or are rare."""
FIELDS = frozenset(("Labels", "ExternalLabels", "ExternalURL", "Value"))
"""What a template of a rule may read of the dot: the fields of AlertTemplateData."""
_ELSEWHERE = frozenset(
    (
        *("Type", "Expr", "AlertID", "GroupID", "ActiveAt", "For", "IsPartial"),  # vmalert
        *(
            "Values",
            "Release",
            "Chart",
            "Capabilities",
            "Files",
            "Template",
            "Subcharts",
        ),  # Helm, not yet rendered
    )
)
"""Fields of other programs that read rule files."""
_FIELD = re.compile(r"(?<![\w)\]$.\"])\.([A-Za-z]\w*)")
_BEFORE = re.compile(r"(?:(?:if|else if|with|else with|range)\s+)?(?:\$\w+(?:\s*,\s*\$\w+)?\s*:?=\s*)?")
_TOKEN = re.compile(r"\"\"|[()|]|[^\s()|\"]+")
_SKIPPED = ("end", "else", "define", "block")


def miscalled(template: str) -> Iterator[str]:
    """What is called with a wrong number of arguments, in words."""
    for action in actions(template):
        if action.control not in _SKIPPED and action.bare.split()[:1] not in (["template"], ["define"]):
            yield from _of_action(action)


def misread(template: str) -> Iterator[str]:
    """Fields of the dot that no alert has, in words."""
    for action in actions(template):
        if action.inside or action.control in _SKIPPED:
            continue
        for field in _FIELD.findall(action.bare):
            if field not in FIELDS | _ELSEWHERE:
                near = next((name for name in FIELDS if field.lower().endswith(name.lower())), "")
                meant = f"; the alert's are .{near}" if near else ""
                yield f".{field} is nothing that a rule's template has{meant}"


def _of_action(action: Action) -> Iterator[str]:
    text = action.bare
    before = _BEFORE.match(text)
    tokens = _TOKEN.findall(text[before.end() :] if before else text)
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            return
    if depth == 0:
        yield from _pipeline(tokens)


def _pipeline(tokens: list[str]) -> Iterator[str]:
    """The commands of a pipeline; what stands in brackets is one word, and a pipeline of its own."""
    words: list[str] = []
    commands = [words]
    inside: list[str] = []
    depth = 0
    for token in tokens:
        if token == "(" or depth:
            depth += {"(": 1, ")": -1}.get(token, 0)
            inside.append(token)
            if depth == 0:
                yield from _pipeline(inside[1:-1])
                inside = []
                words.append("()")
        elif token == "|":
            words = []
            commands.append(words)
        elif words and words[-1] == "()" and token.startswith("."):
            continue  # a field of what is in brackets
        else:
            words.append(token)
    for place, command in enumerate(commands):
        wanted = ARITY.get(command[0]) if command else None
        given = len(command) - 1 + (place > 0)
        if wanted is not None and given != wanted:
            meant = " ($value is the value of the alert)" if command[0] == "value" else ""
            yield f"{command[0]} takes {wanted} argument{'' if wanted == 1 else 's'} and gets {given}{meant}"
