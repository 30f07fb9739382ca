"""Reads and writes the YAML of Prometheus and Alertmanager without changing what it means.

PyYAML turns `yes` into true, `1.10` into 1.1 and `0123` into 83, while Prometheus reads its fields as text:
a scalar that would not come back as it was written stays text here (Plain) and is written as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from promproof.config import yamltext
from promproof.config.inputs import Document, load_document
from promproof.config.yamltext import Parsed, constructed
from promproof.errors import InputError

_DIGITS = 19
"""More digits than an integer of 64 bits has stay text."""


class Plain(str):
    """A scalar without quotes that is neither text, `true`, `false`, null nor a plain whole number."""

    __slots__ = ()


def load(path: Path, what: str) -> Document:
    """Parse one YAML file; its data are dicts, lists, texts, whole numbers, booleans, None and Plain.

    Anchors are resolved: no two places share an object, so that each can be changed alone. Keys are texts. Of several
    documents the first is taken, as Prometheus and Alertmanager take it; the document's notes tell the rest.

    Raises:
        InputError: it can't be read, is not YAML, has a key twice, or holds no mapping; with file and line.
            An empty file is an empty mapping, as it is for Prometheus.
    """
    document = load_document(path, what, scalar=_as_written, key_text=_key_as_written, first_of_several=True)
    if not isinstance(document.data, dict | None):
        raise InputError(
            what=f"found a {type(document.data).__name__} at the top",
            where=document.where(),
            expected=f"{what}: keys and values",
            todo="write keys and values",
        )
    return replace(document, data=document.data or {})


def documents(text: str) -> Iterator[Parsed]:
    """All documents of a text, with data as `load` gives them.

    Raises:
        Mistake: it is not YAML, breaks a bound, or has a key twice.
    """
    return yamltext.documents(text, _as_written, _key_as_written)


def served(text: str) -> Any:
    """The data of a configuration that a server says it has loaded; None for an empty text.

    Go writes text without quotes that is none to YAML 1.1: `separator: =`, a date with 99 months. It stays text.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, TextLoader)  # a SafeLoader


def clone(data: Any) -> Any:
    """A copy in which no two places share an object; copy.deepcopy would keep them shared."""
    if isinstance(data, dict):
        return {key: clone(value) for key, value in data.items()}
    if isinstance(data, list):
        return [clone(item) for item in data]
    return data


def dump(data: Any) -> str:
    """The text of a document: keys in their order, no anchors, one line for each short text."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def shown(value: Any) -> str:
    """A value on one line, for lists of changes."""
    text = yaml.dump(value, Dumper=_FlowDumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text.removesuffix("\n").removesuffix("\n...")


def value_at(data: Any, key: Sequence[str | int]) -> Any:
    """The value of a key; None where nothing is, or where the file says nothing after the colon."""
    for part in key:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def key_text(data: Any, key: Sequence[str | int]) -> str:
    """A key as people name it, list items by their names: `groups[http].rules[HighErrorRate].expr`."""
    text = ""
    for part in key:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(part, int):
            text += f"[{_name(data) or part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def _name(item: Any) -> str | None:
    if isinstance(item, dict):
        for field in ("job_name", "alert", "record", "name", "receiver"):
            if isinstance(item.get(field), str):
                return str(item[field])
    return None


def _as_written(text: str, tag: str, explicit: bool) -> Any:
    if tag in ("str", "value", "merge"):
        return text if tag == "str" else Plain(text)
    if explicit or tag == "null":
        value = constructed(text, tag, explicit)  # refuses what does not fit the tag that the file names
        if value is None:
            return None
    return constructed(text, tag, explicit) if _comes_back(text) else Plain(text)


def _key_as_written(text: str, tag: str) -> str:
    return text if tag == "str" else Plain(text)


def _comes_back(text: str) -> bool:
    return text in ("true", "false") or (
        text.isdecimal() and text.isascii() and len(text) <= _DIGITS and str(int(text)) == text
    )


if TYPE_CHECKING:
    _Base = yaml.SafeDumper
    _BaseLoader = yaml.SafeLoader
else:  # libyaml writes and reads ten times as fast as PyYAML, where it is there
    _Base = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WIDTH = 2**31 - 1


class _Dumper(_Base):
    """Writes no anchors, and plain what was plain."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_plain(self, data: Plain) -> yaml.ScalarNode:
        # The tag that the text has without quotes: only then is it written without them.
        resolver: Any = self
        return self.represent_scalar(
            str(resolver.resolve(yaml.ScalarNode, str(data), (True, False))), str(data)
        )

    def represent_text(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


class _FlowDumper(_Dumper):
    def represent_text(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if "\n" in data else None)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        return super().represent_mapping(tag, mapping, flow_style=True)

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        return super().represent_sequence(tag, sequence, flow_style=True)


for _dumper in (_Dumper, _FlowDumper):
    _dumper.add_representer(Plain, _dumper.represent_plain)
    _dumper.add_representer(str, _dumper.represent_text)


class TextLoader(_BaseLoader):
    """A SafeLoader to which a plain scalar that looks like a value and is none is text."""


def _text(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _value_or_text(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    try:
        return yaml.SafeLoader.yaml_constructors[node.tag](loader, node)
    except (ValueError, IndexError, AttributeError):
        return _text(loader, node)


for _tag in ("int", "float", "timestamp"):
    TextLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _value_or_text)
TextLoader.add_constructor("tag:yaml.org,2002:value", _text)
