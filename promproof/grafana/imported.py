"""An export for sharing as Grafana's import dialog leaves it: its inputs filled in, as whoever imports it chooses them.

Provisioning does not fill them in. Without any provisioning a dashboard gets into Grafana by this dialog, where a data
source of the input's type is chosen: which one, no file says.
"""

from __future__ import annotations

from typing import Any

from promproof.grafana.values import an_object


def filled(data: Any) -> Any:
    """The dashboard without its inputs: data sources by their type alone, constants by their value."""
    inputs = data.get("__inputs") if isinstance(data, dict) else None
    if not isinstance(inputs, list):
        return data
    sources, constants = {}, {}
    for entry in map(an_object, inputs):
        name = f"${{{entry.get('name')}}}"
        if entry.get("type") == "datasource":
            sources[name] = {"type": str(entry.get("pluginId") or "")}
        elif entry.get("type") == "constant":
            constants[name] = str(entry.get("value") or "")

    def chosen(value: Any) -> Any:
        if isinstance(value, dict):
            # an object with `uid` and a reference of its own: the type that it tells, or that of the input
            return {
                key: _source(inner, sources) if key == "datasource" else chosen(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [chosen(inner) for inner in value]
        if isinstance(value, str):
            for name, constant in constants.items():
                value = value.replace(name, constant)
        return value

    return chosen({key: value for key, value in data.items() if key != "__inputs"})


def _source(value: Any, sources: dict[str, dict[str, str]]) -> Any:
    """A reference to a data source, where an input stands for it the type alone."""
    if isinstance(value, str):
        return sources.get(value, value)
    reference = an_object(value).get("uid")
    return {**sources[reference], **_typed(value)} if reference in sources else value


def _typed(value: dict[str, Any]) -> dict[str, Any]:
    return {key: told for key, told in value.items() if key == "type" and told}
