"""Variables and macros of a query replaced as Grafana replaces them: variables in the browser, macros after them.

An unknown variable stays in the text, as in Grafana: outside of quotes that is a parse error, inside of them a
silent empty result, so `unknown_names` tells them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from promproof.grafana.dashboard import Variable
from promproof.grafana.durations import go_form, largest_unit, milliseconds
from promproof.grafana.steps import Request, Resolved, rounded_in_browser

ALL = "$__all"
AUTO = "$__auto_interval_"
MATCH_ALL = ".*"
_REFERENCE = re.compile(
    r"\$(\w+)|\$\{(\w+)(?:\.[^:^}]+)?(?::([^}]+))?\}|\[\[(\w+?)(?:\.[^:^\]]+)?(?::([^\]]+))?\]\]"
)
# Names that Grafana itself fills in; the six and `$__range` are macros of the Prometheus back end.
GLOBALS = frozenset(
    (
        "__interval",
        "__interval_ms",
        "__range",
        "__range_ms",
        "__range_s",
        "__rate_interval",
        "__rate_interval_ms",
    )
)
BUILT_IN = GLOBALS | {
    "__dashboard",
    "__from",
    "__to",
    "__name",
    "__org",
    "__user",
    "timeFilter",
    "__timeFilter",
}


@dataclass(frozen=True)
class Value:
    """What is chosen for a variable; `escaped` False puts it in as it is (`allValue`)."""

    values: tuple[str, ...]
    many: bool = False
    escaped: bool = True


def chosen(variable: Variable, options: Sequence[str], selection: Sequence[str] | None = None) -> Value:
    """The value of a variable: the selection, or else what the file has as current, or else the first option.

    `options` are the live values. "All" is `allValue` as it is written, or all options.
    """
    many = variable.multi or variable.include_all
    wanted = tuple(selection if selection is not None else variable.current)
    if not variable.has_values:
        return Value((), many)
    if variable.type == "constant":
        return Value((variable.query,), many)
    if ALL in wanted or "All" in wanted or (not wanted and variable.include_all):
        if variable.all_value is not None:
            return Value((variable.all_value,), many, escaped=False)
        return Value(tuple(options), many)
    if not wanted:
        wanted = tuple(options[:1])
    if variable.type == "textbox":
        wanted = wanted or (variable.query,)
    if variable.auto_count and (not wanted or wanted[0] in ("auto", auto_name(variable))):
        wanted = (auto_name(variable),)
    return Value(wanted, many)


def auto_name(variable: Variable) -> str:
    """What an interval variable at auto has as its value: a name that is replaced once more."""
    return f"{AUTO}{variable.name}"


def with_auto(values: Mapping[str, Value], variables: Sequence[Variable], length: float) -> dict[str, Value]:
    """The values, and the intervals that interval variables at auto have in a range of `length` ms.

    As the browser computes them (`rangeUtil.calculateInterval`): the range in so many steps, rounded, not below the
    least.

    Raises:
        ValueError: the least is no duration.
    """
    found = dict(values)
    for variable in variables:
        if variable.auto_count:
            least = milliseconds(variable.auto_min) if variable.auto_min else 1
            step = max(rounded_in_browser(length / variable.auto_count), least)
            found[auto_name(variable).removeprefix("$")] = Value((largest_unit(step),), escaped=False)
    return found


def options_of(variable: Variable) -> tuple[str, ...]:
    """The values that the text of a variable of type custom or interval lists; those of the file for other types."""
    if variable.type == "interval":
        listed = re.findall(r"\"[^\"]*\"|'[^']*'|[^,\s]+", variable.query)
        found = tuple(part.strip("\"'") for part in listed)
        return ((auto_name(variable),) if variable.auto_count else ()) + found or variable.options
    if variable.type == "custom":
        parts = [part.replace("\\,", ",").strip() for part in re.findall(r"(?:\\,|[^,])+", variable.query)]
        return tuple(part.rpartition(" : ")[2].strip() for part in parts if part) or variable.options
    return tuple(option for option in variable.options if option != ALL)


def substitute(text: str, values: Mapping[str, Value]) -> str:
    """The text with every known variable replaced; macros and unknown names stay."""

    def replace(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[4]
        value = values.get(name)
        if value is None:
            return match[0]
        formatted = _formatted(value, match[3] or match[5])
        auto = values.get(formatted.removeprefix("$")) if formatted.startswith(AUTO) else None
        return formatted if auto is None else auto.values[0]

    return _REFERENCE.sub(replace, text)


def names(text: str) -> tuple[str, ...]:
    """The names of all variables and macros in a text."""
    return tuple(dict.fromkeys(match[1] or match[2] or match[4] for match in _REFERENCE.finditer(text)))


def unknown_names(text: str, declared: Sequence[str]) -> tuple[str, ...]:
    """Names in a text that neither the dashboard declares nor Grafana fills in; `$1` is no name."""
    known = {*declared, *BUILT_IN}
    return tuple(
        name
        for name in names(text)
        if name not in known and not name[0].isdigit() and not f"${name}".startswith(AUTO)
    )


def macros(request: Request, resolved: Resolved) -> dict[str, str]:
    """The text of every macro, in the order in which the back end replaces them."""
    seconds = (request.length + 500) // 1000
    return {
        "__interval_ms": str(resolved.step),
        "__interval": largest_unit(resolved.step),
        "__range_ms": str(request.length),
        "__range_s": str(seconds),
        "__range": f"{seconds}s",
        "__rate_interval_ms": str(resolved.rate_interval),
        "__rate_interval": go_form(resolved.rate_interval),
    }


def expand(text: str, given: Mapping[str, str]) -> str:
    """The text with its macros replaced, `$name` before `${name}`, as the back end does."""
    for name, value in given.items():
        text = text.replace(f"${name}", value)
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _formatted(value: Value, form: str | None) -> str:
    values = value.values
    if form is None or form == "":
        if not value.escaped:
            return values[0] if values else ""
        if not value.many:
            return _escaped_text(values[0]) if values else ""
        escaped = [_escaped_pattern(value) for value in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
    match form:
        case "csv" | "raw":
            return ",".join(values)
        case "pipe":
            return "|".join(values)
        case "regex":
            escaped = [re.sub(r"([\\^$.*+?()\[\]{}|/-])", r"\\\1", value) for value in values]
            return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
        case "json":
            return json.dumps(list(values) if value.many else "".join(values[:1]), separators=(",", ":"))
        case "doublequote":
            return ",".join('"' + value.replace('"', '\\"') + '"' for value in values)
        case "singlequote":
            return ",".join("'" + value.replace("'", "\\'") + "'" for value in values)
        case "sqlstring":
            return ",".join("'" + value.replace("'", "''") + "'" for value in values)
        case "percentencode":
            return quote(",".join(values) if len(values) < 2 else f"{{{','.join(values)}}}", safe="")
        case "text":
            return " + ".join(values)
        case _:  # glob, and every format that Grafana does not know
            return f"{{{','.join(values)}}}" if len(values) > 1 else (values[0] if values else "")


def _escaped_text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\\\'")


def _escaped_pattern(value: str) -> str:
    """As a Prometheus regular expression inside of a PromQL string (prometheusSpecialRegexEscape)."""
    quoted = re.sub(r"\\", r"\\\\\\\\", value)
    return re.sub(r"[$^*{}\[\]+?.()|']", lambda match: "\\\\" + match[0], quoted)
