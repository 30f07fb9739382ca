"""A v2 resource's spec in the classic shape; each panel and target carries the path it came from as `$path`.

Source: the v2 schema of Grafana (`apps/dashboard/kinds/v2beta1`): `elements` maps names to panels, `layout` places
them. Anything that is not as the schema has it is left out here and the reader reports what is then missing.
"""

from __future__ import annotations

from typing import Any

from promproof.grafana.values import an_object


def classic(spec: dict[str, Any]) -> dict[str, Any]:
    """Title, panels and variables of a v2 spec as the classic model has them."""
    elements = an_object(spec.get("elements"))
    panels = [_panel(name, an_object(element)) for name, element in elements.items()]
    variables = [*_variables(spec, "$.spec"), *_of_sections(spec.get("layout"), "$.spec.layout")]
    return {"title": spec.get("title"), "panels": panels, "templating": {"list": variables}}


def _of_sections(layout: Any, path: str) -> list[dict[str, Any]]:
    """The variables of rows and tabs."""
    spec = an_object(an_object(layout).get("spec"))
    found = []
    for key in ("rows", "tabs"):
        sections = spec.get(key)
        for index, section in enumerate(sections if isinstance(sections, list) else []):
            inner, where = an_object(an_object(section).get("spec")), f"{path}.spec.{key}[{index}].spec"
            found += [*_variables(inner, where), *_of_sections(inner.get("layout"), f"{where}.layout")]
    return found


def _variables(spec: dict[str, Any], path: str) -> list[dict[str, Any]]:
    listed = spec.get("variables")
    return [
        {**_variable(an_object(variable)), "$path": f"{path}.variables[{index}].spec"}
        for index, variable in enumerate(listed if isinstance(listed, list) else [])
    ]


def _panel(name: str, element: dict[str, Any]) -> dict[str, Any]:
    path = f"$.spec.elements.{name}.spec"
    spec = an_object(element.get("spec"))
    data = an_object(an_object(spec.get("data")).get("spec"))
    viz = an_object(spec.get("vizConfig"))
    options = an_object(data.get("queryOptions"))
    drawn = an_object(viz.get("spec"))
    queries = data.get("queries")
    # v2alpha1 has the plug-in as `kind`, v2beta1 as `group`
    kind = viz.get("group") or (viz.get("kind") if viz.get("kind") != "VizConfig" else None)
    return {
        "$path": path,
        "id": spec.get("id"),
        "type": kind or ("library" if element.get("kind") == "LibraryPanel" else None),
        "title": spec.get("title"),
        "description": spec.get("description"),
        "interval": options.get("interval"),
        "maxDataPoints": options.get("maxDataPoints"),
        "fieldConfig": drawn.get("fieldConfig"),
        "options": drawn.get("options"),
        "libraryPanel": spec.get("libraryPanel"),
        "targets": [
            _target(an_object(query), f"{path}.data.spec.queries[{index}]")
            for index, query in enumerate(queries if isinstance(queries, list) else [])
        ],
    }


def _target(query: dict[str, Any], path: str) -> dict[str, Any]:
    spec = an_object(query.get("spec"))
    asked = an_object(spec.get("query"))
    source = spec.get("datasource") or asked.get("datasource")
    kind = asked.get("group") or asked.get("kind")
    if isinstance(source, dict):
        source = {"type": source.get("type") or kind, "uid": source.get("uid") or source.get("name")}
    return {
        **an_object(asked.get("spec")),
        "$path": f"{path}.spec",
        "refId": spec.get("refId"),
        "hide": spec.get("hidden"),
        "datasource": source or ({"type": kind, "uid": ""} if kind else None),
    }


def _variable(variable: dict[str, Any]) -> dict[str, Any]:
    spec = an_object(variable.get("spec"))
    kind = str(variable.get("kind") or "").removesuffix("Variable").lower()
    asked = spec.get("query")
    query = an_object(asked.get("spec")) if isinstance(asked, dict) else asked
    if kind == "datasource":
        query = spec.get("pluginId")
    source = (
        {"type": asked.get("group"), "uid": an_object(asked.get("datasource")).get("name")}
        if isinstance(asked, dict)
        else None
    )
    return {
        "datasource": source,
        **spec,
        "query": query,
        "type": {"text": "textbox"}.get(kind, kind),
    }
