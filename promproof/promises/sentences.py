"""Sentences of the contract: the page says each as it is told there, in its numbers, its names and its negations.

A sentence is found on the page by its other words, of which a few may differ: who puts it another way changes
nothing. One that the page no longer has is open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from promproof.promises.known import Known
from promproof.promises.promise import Promise
from promproof.promises.quantities import QUANTITY, amount, same
from promproof.promises.sheet import Passage, Sheet

CLAIM = "page/sentences"
_ALIKE = 0.75
"""Of its other words so many must stand on the page for a sentence to be this one."""
_FEWEST = 3
"""By fewer words no sentence is found."""
_ADDED = 0.5
"""More words than this share of it put between its own make another sentence of it."""
_NEAR = 2
"""Words around its place in which a word may stand as well: the members of a list are in any order."""
_SHOWN = 6
"""Words of the page that a verdict shows."""
_NEGATIONS = frozenset(
    ("not", "no", "never", "nobody", "none", "nothing", "nowhere", "neither", "nor", "without")
)
_PART = re.compile(r"`[^`]*`|\{([^{}]*)\}")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TOKEN = re.compile(rf"{QUANTITY}(?![\w/:%]|\.\w)|[^\s|,;()\"*<>\u2500-\u25ff]+")
_NAME = re.compile(
    r"[A-Z]\w*[a-z]\w*[A-Z]\w*|[A-Za-z]+(?:_[A-Za-z0-9]+)+|/[\w./{}-]+|[a-z]\w*(?:-\w+)*:\d+|\d[\d.]*xx"
)
"""An alert, a metric, a variable, a path, an address."""


@dataclass(frozen=True)
class _Word:
    """A word. key: what it is compared by; held: it is one of those that the sentence is about, and of which group."""

    key: str
    text: str
    held: int = 0


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each sentence of the contract that the page has."""
    wanted = [_sentence(text) for text in known.contract.page.sentences]
    if not wanted:
        return
    passages = [(passage, _plain(passage.text)) for passage in (*sheet.passages, *_printed(sheet))]
    at: dict[tuple[str, ...], list[Passage]] = {}
    for passage, words in passages:
        at.setdefault(_keys(words), []).append(passage)
    whole = {keys for sentence in wanted if (keys := _keys(sentence)) in at}
    left = [(passage, words) for passage, words in passages if _keys(words) not in whole]
    for sentence in wanted:
        if _keys(sentence) in whole:
            yield from (_promise(passage).holds("as in the contract") for passage in at[_keys(sentence)])
        else:
            yield from _like(sentence, left)


def _printed(sheet: Sheet) -> Iterator[Passage]:
    """Lines of code blocks; a block without a language, a drawing say, as a whole."""
    for block in sheet.page.blocks:
        above = sheet.headings_at(block.line)
        lines = block.text.splitlines() if block.language else [block.text]
        yield from (
            Passage(line, number, above)
            for number, line in enumerate(lines, start=block.line + 1)
            if line.strip()
        )


def _promise(passage: Passage) -> Promise:
    return Promise(passage.line, "sentence", passage.flat, CLAIM)


def _like(
    sentence: Sequence[_Word], passages: Sequence[tuple[Passage, Sequence[_Word]]]
) -> Iterator[Promise]:
    """The passage that is nearest to a sentence, if one is near enough."""
    free = Counter(word.key for word in sentence if not word.held)
    best: tuple[float, Passage, list[str]] | None = None
    for passage, words in passages:
        if (free & Counter(word.key for word in words)).total() < _needed(free.total()):
            continue
        found = _compared(sentence, words)
        if found is not None and (best is None or found[0] > best[0]):
            best = (found[0], passage, found[1])
    if best is not None:
        _, passage, differences = best
        yield _promise(passage).judged(not differences, "as in the contract", "; ".join(differences))


def otherwise(sentence: str, text: str) -> list[str]:
    """What a text says otherwise than a sentence of the contract; nothing where it is put in other words."""
    found = _compared(_sentence(sentence), _plain(text), fewest=1)
    return found[1] if found is not None else []


def _needed(free: int, fewest: int = _FEWEST) -> float:
    return max(_ALIKE * free, fewest)


def _compared(
    sentence: Sequence[_Word], words: Sequence[_Word], *, fewest: int = _FEWEST
) -> tuple[float, list[str]] | None:
    """How near the words are to a sentence, and what it says otherwise; None where it is another one."""
    matcher = SequenceMatcher(
        None, [word.key for word in sentence], [word.key for word in words], autojunk=False
    )
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return None
    kept = {block.a + step: block.b + step for block in blocks for step in range(block.size)}
    free = [place for place, word in enumerate(sentence) if not word.held]
    same = [place for place in free if place in kept]
    begin, end = blocks[0].b, blocks[-1].b + blocks[-1].size
    added = end - begin - len(kept)
    if len(same) < _needed(len(free), fewest) or added > _ADDED * len(sentence):
        return None
    return (len(kept) - added / 2) / len(sentence), list(_differences(sentence, words, kept))


def _differences(sentence: Sequence[_Word], words: Sequence[_Word], kept: dict[int, int]) -> Iterator[str]:
    """Held words that the page has not, with what stands there; negations that it alone has."""
    place, taken = 0, set(kept.values())
    while place < len(sentence):
        if place in kept:
            place += 1
            continue
        end = next((later for later in range(place, len(sentence)) if later in kept), len(sentence))
        before = kept[place - 1] + 1 if place else max(0, kept[end] - (end - place))
        after = kept[end] if end in kept else min(len(words), before + (end - place) + 1)
        said = words[before:after]
        around = range(max(0, before - _NEAR), min(len(words), after + _NEAR))
        near = {words[at].key for at in around if at not in taken}
        lost = [word.text for word in sentence[place:end] if word.held and word.key not in near]
        if lost and not same(_texts(sentence[place:end]), _texts(said)):
            shown = _texts(said[:_SHOWN])
            yield f"it says {shown or 'nothing'}, the contract {' '.join(lost)}"
        place = end
    first, last = min(kept.values()), max(kept.values())
    mine = Counter(word.key for word in sentence if word.key in _NEGATIONS)
    theirs = Counter(word.key for word in words[first : last + 1] if word.key in _NEGATIONS)
    for word in theirs - mine:
        yield f"it says {word}, the contract does not"


def _texts(words: Sequence[_Word]) -> str:
    return " ".join(word.text for word in words)


@lru_cache(maxsize=4096)
def _sentence(text: str) -> tuple[_Word, ...]:
    """The words of a sentence of the contract: numbers, names, negations, code, and what stands in braces, are held."""
    text, found, begin = _LINK.sub(r"\1", text), [], 0
    for number, part in enumerate([*_PART.finditer(text), None], start=1):
        found += _words(text[begin : part.start() if part else len(text)])
        if part is not None:
            begin = part.end()
            inner = part[1] if part[1] is not None else part[0].strip("`")
            found += [_Word(word.key, word.text, number) for word in _words(inner)]
    return _spoken(found)


@lru_cache(maxsize=4096)
def _plain(text: str) -> tuple[_Word, ...]:
    """The words of a passage."""
    return _spoken(_words(text.replace("`", "")))


def _words(text: str) -> list[_Word]:
    return [word for found in _TOKEN.finditer(text) for word in _word(" ".join(found[0].split()))]


def _spoken(words: Sequence[_Word]) -> tuple[_Word, ...]:
    """The same words; the one of `the long one` stands for a word, and is no number."""
    return tuple(
        replace(word, held=0)
        if word.held == -1
        and word.text.lower() == "one"
        and "the" in [other.key for other in words[max(0, at - 2) : at]]
        else word
        for at, word in enumerate(words)
    )


def _word(text: str) -> Iterator[_Word]:
    plain = text.removeprefix("./").strip(".,:!?'\u2019")
    number = amount(plain)
    if number is not None:
        yield _Word(f"{number.value.normalize()} {number.unit}", plain, -1)
        return
    short = re.fullmatch(r"(\w+?)(?:n['\u2019]t|not)", plain) if plain.lower() != "not" else None
    if short is not None and short[0].lower().startswith(
        ("ca", "do", "does", "is", "are", "wo", "did", "has", "have")
    ):
        yield _Word({"ca": "can", "wo": "will"}.get(short[1].lower(), short[1].lower()), plain)
        yield _Word("not", plain, -1)
    elif plain:
        key = plain.lower()
        yield _Word(key, plain, -1 if key in _NEGATIONS or _NAME.fullmatch(plain) else 0)


def _keys(words: Sequence[_Word]) -> tuple[str, ...]:
    return tuple(word.key for word in words)
