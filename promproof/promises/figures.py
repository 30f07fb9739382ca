"""Figures of the contract: a number or a word that the page says in known words is what the contract says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from promproof.promises.known import Known
from promproof.promises.promise import Promise
from promproof.promises.quantities import QUANTITY, amount, same
from promproof.promises.sheet import Sheet

_VALUE = rf"(?P<value>{QUANTITY}|[^\s,;|()]+)"
_MARKUP = re.compile(r"[`*]")


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each place where a figure's words stand."""
    for figure in known.contract.page.figures:
        is_number = amount(figure.value) is not None
        for words in figure.says:
            pattern, needle = _pattern(words), _longest(words)
            for passage in sheet.passages:
                for match in pattern.finditer(passage.text) if needle in passage.lower else ():
                    said = match["value"].rstrip(".:`")
                    promise = Promise(
                        passage.line_at(match.start("value")),
                        "figure",
                        " ".join(match[0].split()),
                        f"page/figure/{figure.name}",
                        value=said,
                    )
                    if is_number and amount(said) is None:
                        yield promise.is_open(f"{said} is no number")
                        continue
                    yield promise.judged(
                        same(said, figure.value),
                        "as in the contract",
                        f"it says {said}, the contract {figure.value}",
                    )


def _longest(words: str) -> str:
    """The longest word of them in lower case: most passages do not have it."""
    return max((found[0] for found in re.finditer(r"\w+", words.lower())), key=len)


@lru_cache(maxsize=1024)
def _pattern(words: str) -> re.Pattern[str]:
    """The words with any space and markup between them, the value in its place."""
    before, _, after = words.partition("{}")
    return re.compile(f"{_part(before, end=True)}{_VALUE}{_part(after, end=False)}", re.IGNORECASE)


def _part(text: str, *, end: bool) -> str:
    loose = r"[`*\s]"
    plain = [re.escape(word) for word in _MARKUP.sub("", text).split()]
    joined = f"{loose}+".join(plain)
    if not joined:
        return ""
    lead = r"(?<!\w)" if joined[0].isalnum() else ""
    trail = r"(?!\w)" if joined[-1].isalnum() else ""
    touching = text != (text.rstrip() if end else text.lstrip())
    gap = f"{loose}+" if touching else r"[`*]*"
    return f"{lead}{joined}{gap}" if end else f"{gap}{joined}{trail}"
