"""The JSON Schema of a model for editors, with what each key is, and with the kinds that register themselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from promproof.contract.keys import Kinds, text_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(root: type[BaseModel], kinds: Kinds, bases: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """The schema of a file. bases: models that stand for any kind that is registered."""
    schema: dict[str, Any] = {"$schema": DIALECT, **root.model_json_schema(by_alias=True)}
    definitions = schema.setdefault("$defs", {})
    for base in bases:
        if base.__name__ not in definitions:
            continue
        models = kinds(base)
        for model in models:
            made = model.model_json_schema(by_alias=True)
            definitions |= made.pop("$defs", {})
            definitions[model.__name__] = made
        definitions[base.__name__] = {"oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models]}
    for name, made in [(root.__name__, schema), *definitions.items()]:
        for key, value in made.get("properties", {}).items():
            if text := text_of(name, key):
                value["description"] = text
    return schema
