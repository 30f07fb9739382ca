"""What a finding is about, whatever line it stands on: names of the things that hold it, and a fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.config.yamlfile import value_at
from promproof.config.yamltext import Key
from promproof.findings.finding import Finding
from promproof.findings.jsonpath import key_of
from promproof.findings.part import Document

NAMES = ("alert", "record", "job_name", "name", "title", "uid")
"""Keys by whose values people know an item."""
_IDENTITY = (*NAMES, "refId", "receiver", "matchers", "match", "match_re", "source_labels", "target_label")
"""Keys that tell an item of a list from the others."""


@dataclass(frozen=True)
class Identities:
    """Knows the documents that findings are about."""

    documents: Mapping[str, Sequence[Document]]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Identities:
        """Those of a set-up."""
        by_file: dict[str, list[Document]] = {}
        for document in documents:
            by_file.setdefault(document.file, []).append(document)
        return cls(by_file)

    def names(self, finding: Finding) -> frozenset[str]:
        """The names of what holds it: the group and the alert, the dashboard and the panel, the service."""
        names: set[str] = set()
        data, key = self._place(finding)
        for depth in range(len(key) + 1):
            item = value_at(data, key[:depth])
            if isinstance(item, dict):
                names |= {str(item[name]) for name in NAMES if isinstance(item.get(name), str)}
                inner = item.get("metadata")
                if isinstance(inner, dict) and isinstance(inner.get("name"), str):
                    names.add(inner["name"])
            if depth and key[depth - 2 : depth - 1] == ("services",):
                names.add(str(key[depth - 1]))
        return frozenset(names)

    def fingerprint(self, finding: Finding) -> str:
        """The same wherever the lines are: of the kind, the file, what holds it and what is written there."""
        import hashlib  # most checks ask for no fingerprint

        data, key = self._place(finding)
        steps = [_step(value_at(data, key[: depth + 1]), part) for depth, part in enumerate(key)]
        value = value_at(data, key)
        written = "" if isinstance(value, dict | list) else " ".join(str(value).split())
        text = json.dumps([finding.rule, finding.file, steps, written], ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]

    def _place(self, finding: Finding) -> tuple[Any, Key]:
        candidates = self.documents.get(finding.file, ())
        document = next(
            (
                candidate
                for candidate in reversed(candidates)
                if candidate.lines.get((), 0) <= (finding.line or 0)
            ),
            candidates[0] if candidates else None,
        )
        return (document.data if document is not None else None), key_of(finding.path)


def _step(item: Any, part: str | int) -> str:
    """A step of a path that stays when other items are put before it."""
    if isinstance(part, str):
        return part
    if isinstance(item, dict):
        known = {name: item[name] for name in _IDENTITY if name in item}
        return json.dumps(known or item, sort_keys=True, ensure_ascii=False, default=str)
    return " ".join(str(item).split())
