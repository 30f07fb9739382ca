"""A page taken apart for reading: its sentences, rows and blocks, each with the line where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from markdown_it.token import Token

from promproof.config.markdown import Heading, line_of, parsed
from promproof.contract.documentation import Block, Page, page_of

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"(<*])")
_PAST = re.compile(
    r"\b(corrections?|changelog|changes|history|migrat\w+|upgrad\w+|release notes|incidents?|post-?mortems?|"
    r"decisions?|adr|roadmap|archived?|legacy|what.s new)\b|\b\d{4}-\d\d\b",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(was|were|used to|formerly|renamed|instead of|no longer|deprecated|would|e\.g\.|for example|such as|"
    r"for instance)\b",
    re.IGNORECASE,
)

_DENIED = re.compile(
    r"\b(not|never|cannot|\w+n[\u2019']t|unlike|neither|confus\w+|old|older|will|planned|singular|plural|dropped)\b",
    re.IGNORECASE,
)
_NEAR = 80
"""Letters before a name in which a negation is about it."""
_DOUBTED = re.compile(
    r"\b(if|unless|until|could|should|may|might|can|considered|proposed|recommend\w*|suggest\w*|choose|chose|prefer|"
    r"avoid|try|set|change|raise|lower(?:ing)?|increase|reduce|typical\w*|usual\w*|normal\w*|roughly|about|default|"
    r"previous\w*|legacy|others?|another|different|elsewhere|again|last time|teams?|staging|test|sandbox|tunnel|proxy|"
    r"federat\w+|central|company|neighbour\w*|external|their|its own|behind|inside|local|forward\w*|gossips?|minimum|"
    r"maximum|"
    r"Loki|Tempo|Thanos|Mimir|Cortex|Kafka|Elastic\w*|OpenSearch|Graphite|InfluxDB|VictoriaMetrics|Datadog|Splunk|"
    r"Sentry|PagerDuty|Opsgenie|Slack|Kubernetes|Consul|Jaeger|Zipkin|blackbox|pushgateway|Postgres\w*|MySQL|Redis|"
    r"nginx|Traefik|HAProxy|Telegraf|Zabbix|Nagios|logs?|logging|traces?|tracing|backups?|audit\w*|probes?)\b|\?\W*$",
    re.IGNORECASE,
)
"""Words of a sentence that speaks of what might be, or of something else than what is deployed."""
_OF_OTHERS = re.compile(
    r"\b(faq|questions|examples?|staging|teams?|shared|others?|neighbours?|external|glossary|compan(y|ies))\b",
    re.IGNORECASE,
)
"""Words of a heading over what is not this deployment."""

_MIGHT = re.compile(
    r"\b(instead|stricter|looser|change|replace|override|could|might|would|e\.g\.|for example|such as|another)\b",
    re.IGNORECASE,
)
"""Words of a sentence before a block that is no copy of what ships."""


@dataclass(frozen=True)
class Passage:
    """A sentence, or a row of a table with ` | ` between its cells. Code stands in backticks, other markup is gone."""

    text: str
    line: int
    headings: tuple[str, ...]
    is_row: bool = False

    def line_at(self, offset: int) -> int:
        """The line of a place in the text."""
        return self.line + self.text.count("\n", 0, offset)

    @cached_property
    def flat(self) -> str:
        """The text on one line; offsets are those of `text`."""
        return self.text.replace("\n", " ")

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.flat.lower()

    @property
    def is_past(self) -> bool:
        """Whether it stands under a heading that tells of earlier times."""
        return any(_PAST.search(heading) for heading in self.headings)

    @property
    def is_hedged(self) -> bool:
        """Whether it speaks of what was, is not, or might be."""
        return self.is_past or _HEDGED.search(self.text) is not None

    def denies(self, offset: int) -> bool:
        """Whether what stands at this place may be named because it is not there."""
        before = self.flat[max(0, offset - _NEAR) : offset].rpartition(";")[2]
        return self.is_hedged or _DENIED.search(before) is not None

    @property
    def is_doubtful(self) -> bool:
        """Whether a number in it that differs from the files may be about something else."""
        return (
            self.is_hedged
            or _DENIED.search(self.flat) is not None
            or _DOUBTED.search(self.flat) is not None
            or any(_OF_OTHERS.search(heading) for heading in self.headings)
        )


@dataclass(frozen=True)
class Sheet:
    """A page and its passages in the order of the file."""

    page: Page
    passages: tuple[Passage, ...]

    @cached_property
    def _above(self) -> dict[int, tuple[str, ...]]:
        return {}

    def headings_at(self, line: int) -> tuple[str, ...]:
        """The headings that a line stands under, outermost first."""
        if line not in self._above:
            self._above[line] = under(self.page.headings, line)
        return self._above[line]

    def is_past(self, line: int) -> bool:
        """Whether a line stands under a heading that tells of earlier times."""
        return any(_PAST.search(heading) for heading in self.headings_at(line))

    def is_example(self, line: int) -> bool:
        """Whether a block at this line shows what might be, by its heading or by the sentence before it."""
        if self.is_past(line):
            return True
        before = [passage for passage in self.passages if passage.line < line and not passage.is_row]
        return (
            bool(before)
            and _MIGHT.search(before[-1].flat) is not None
            and before[-1].headings == self.headings_at(line)
        )

    def is_of_others(self, line: int) -> bool:
        """Whether a line stands under a heading that is not about this deployment."""
        return any(_OF_OTHERS.search(heading) or _PAST.search(heading) for heading in self.headings_at(line))

    def blocks_of(self, *languages: str) -> Iterator[Block]:
        """The code blocks in these languages."""
        return (block for block in self.page.blocks if block.language.lower() in languages)


@lru_cache(maxsize=4)
def sheet_of(text: str, path: Path) -> Sheet:
    """Take a page apart; the same page is judged against many set-ups."""
    tokens = parsed(text)
    page = page_of(tokens, path)
    return Sheet(page, tuple(_passages(tokens, page.headings)))


def under(headings: Sequence[Heading], line: int) -> tuple[str, ...]:
    """The headings that a line stands under, outermost first."""
    found: list[Heading] = []
    for heading in headings:
        if heading.line > line:
            break
        found = [outer for outer in found if outer.level < heading.level] + [heading]
    return tuple(heading.text for heading in found)


def _passages(tokens: Sequence[Token], headings: Sequence[Heading]) -> Iterator[Passage]:
    cells: list[str] = []
    row = line = 0
    for token in tokens:
        line = line_of(token) or line
        if token.type == "tr_open":
            cells, row = [], line
        elif token.type == "tr_close":
            yield Passage(" | ".join(cells), row, under(headings, row), is_row=True)
            row = 0
        elif token.type == "inline" and row:
            cells.append(_written(token).replace("\n", " "))
        elif token.type == "inline":
            yield from _sentences(_written(token), line, headings)


def _sentences(text: str, line: int, headings: Sequence[Heading]) -> Iterator[Passage]:
    begin = 0
    above = under(headings, line)
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        sentence = text[begin:end]
        if sentence.strip():
            yield Passage(sentence.rstrip(), line + text.count("\n", 0, begin), above)
        begin = end


def _written(token: Token) -> str:
    """Text of an inline token with its code in backticks."""
    parts = []
    for child in token.children or []:
        if child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type in ("text", "image"):
            parts.append(child.content)
    return "".join(parts)
