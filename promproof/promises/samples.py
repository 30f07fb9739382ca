"""Example outputs of a page: an exposition's names, types, help texts and labels are the contract's; JSON is JSON."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from textwrap import dedent

from promproof.contract.documentation import Block
from promproof.contract.model import Metric
from promproof.promises.known import Known, close_to
from promproof.promises.promise import PAST, Promise, listed
from promproof.promises.sheet import Sheet
from promproof.verdict import Outcome

_COMMENT = re.compile(r"# (HELP|TYPE) (\S+) ?(.*)")
_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?")
_PAIR = re.compile(r'\s*([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_CURL = re.compile(r"\$? ?curl (?:-\w+ )*\S*?(?:localhost|127\.0\.0\.1):(?P<port>\d+)/metrics\S*")
_ENDINGS = ("_bucket", "_sum", "_count", "_created")
CLAIM = "page/samples"
_PART = re.compile(r"\.\.\.|…|//|>>>|\{\{|\{%|<[\w -]+>|\$\{|^\s*[%!]", re.MULTILINE)
_COMMENTED = re.compile(r"/\*|^\s*#", re.MULTILINE)
"""What stands in an example that is no whole program or document: omissions, comments, placeholders, prompts."""


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each line of an exposition, and for each block of JSON and Python."""
    for block in sheet.page.blocks:
        if block.language.lower() in ("json", "python", "py"):
            yield from _code(block)
        elif block.language.lower() in ("text", "", "prometheus", "exposition") and "# TYPE " in block.text:
            found = list(_exposition(block, sheet, known))
            is_ours = any(promise.outcome is Outcome.PASS and promise.text[0] != "#" for promise in found)
            yield from (promise.unless(not is_ours, "it may be another service's") for promise in found)
            if is_ours:
                yield from _asked(block, sheet, known)


def _asked(block: Block, sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The one command of the block above an exposition: it asks the target, and no component of the monitoring.

    Anything else may stand in front of the target.
    """
    above = [other for other in sheet.page.blocks if other.line < block.line]
    if not above or sheet.headings_at(above[-1].line) != sheet.headings_at(block.line):
        return
    asked = _CURL.fullmatch(above[-1].text.strip())
    deployment = known.contract.deployment
    if asked is None or deployment is None:
        return
    own = known.ports_of(deployment.target.service) | {deployment.target.port}
    others = {
        port
        for name, service in deployment.services.items()
        for port in (*known.ports_of(name), service.port)
    }
    if int(asked["port"]) not in own | others:
        return
    promise = Promise(above[-1].line + 1, "command", asked[0], CLAIM)
    yield promise.judged(
        int(asked["port"]) in own,
        "it asks the target",
        f"the answer below is the target's, which is on port {listed([str(port) for port in sorted(own)])}",
    )


def _exposition(block: Block, sheet: Sheet, known: Known) -> Iterator[Promise]:
    metrics = {metric.name: metric for metric in known.contract.metrics}
    for number, line in enumerate(block.text.splitlines(), start=1):
        if not line.strip():
            continue
        promise = Promise(block.line + number, "sample", line.strip(), CLAIM)
        comment, sample = _COMMENT.fullmatch(line.strip()), _SAMPLE.fullmatch(line.strip())
        if sheet.is_past(block.line):
            yield promise.is_open(PAST)
        elif comment is not None:
            yield _said(promise, comment[1], comment[2], comment[3], metrics)
        elif sample is not None:
            yield _sample(promise, sample[1], sample[2] or "", metrics)
        else:
            yield promise.is_open("it is no line of an exposition")


def _of(name: str, metrics: dict[str, Metric]) -> Metric | None:
    plain = next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), name)
    return metrics.get(name) or metrics.get(plain) or metrics.get(f"{name}_total")


def _unknown(promise: Promise, name: str, metrics: dict[str, Metric]) -> Promise:
    meant = close_to(name, list(metrics))
    if meant:
        return promise.fails(f"no metric is called {name}; the contract has {meant}")
    return promise.is_open(f"the contract has no metric {name}")


def _said(promise: Promise, what: str, name: str, rest: str, metrics: dict[str, Metric]) -> Promise:
    metric = _of(name, metrics)
    if metric is None:
        return _unknown(promise, name, metrics)
    wanted = metric.type if what == "TYPE" else metric.help
    if wanted is None:
        return promise.is_open("the contract does not say its help text")
    return promise.judged(rest == wanted, "as in the contract", f"{name}: the contract says {wanted!r}")


def _sample(promise: Promise, name: str, text: str, metrics: dict[str, Metric]) -> Promise:
    metric = _of(name, metrics)
    if metric is None:
        return _unknown(promise, name, metrics)
    pairs = dict(_PAIR.findall(text))
    said = set(pairs) - (
        {"le"} if metric.type == "histogram" else {"quantile"} if metric.type == "summary" else set()
    )
    if metric.any_labels:
        return promise.is_open("the contract does not say its labels")
    wanted = set(metric.labels)
    if said != wanted:
        return promise.fails(
            f"{name} has the labels {listed(sorted(wanted)) or 'none'}, here {listed(sorted(said)) or 'none'}"
        )
    wrong = [
        f'{label}="{pairs[label]}"' for label in sorted(said) if not metric.labels[label].allows(pairs[label])
    ]
    if metric.buckets is not None and "le" in pairs and pairs["le"] != "+Inf":
        try:
            wrong += [f'le="{pairs["le"]}"'] if float(pairs["le"]) not in metric.buckets else []
        except ValueError:
            wrong.append(f'le="{pairs["le"]}"')
    return promise.judged(not wrong, "as in the contract", f"{name} has never {listed(wrong)}")


def _read_json(text: str) -> None:
    """One document, or one on each line.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
            raise
        for line in lines:
            json.loads(line)


def _code(block: Block) -> Iterator[Promise]:
    """JSON that does not parse and Python that does not compile; an example with `...` shows a part."""
    is_json = block.language.lower() == "json"
    promise = Promise(block.line, "example", block.name or block.text.split("\n", 1)[0], CLAIM)
    try:
        if is_json:
            _read_json(block.text)
        else:
            ast.parse(dedent(block.text))
    except (ValueError, SyntaxError) as error:
        is_old = "Missing parentheses in call to" in str(error)
        if _PART.search(block.text) or is_old or (is_json and _COMMENTED.search(block.text)):
            yield promise.is_open("it shows a part, or is of another version")
        else:
            yield promise.fails(f"it is no {'JSON' if is_json else 'Python'}: {error}")
        return
    yield promise.holds("it parses")
