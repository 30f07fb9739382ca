"""Rule files: patterns that match nothing, and files of rules that no Prometheus loads. Both are silent."""

from __future__ import annotations

import os
from collections.abc import Iterator

from promproof.findings.containers import is_evaluated_elsewhere
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_prometheus, register, whole_setup
from promproof.findings.part import Part
from promproof.findings.setup import Pattern, Prometheus, Setup

_RULES = "groups: [{name: api, rules: [{alert: Down, expr: up == 0}]}]\n"
_TWO = f"# rules/api.yml\n{_RULES}# rules/web.yml\n{_RULES}"
_COMPOSE = """# compose.yml
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes:
    - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
    - ./rules:/etc/prometheus/rules:ro
"""
NOTHING = register(
    Kind(
        id="prometheus/no-rule-file",
        severity=Severity.WARNING,
        title="an entry of rule_files that matches no file",
        why="Prometheus takes a pattern that matches nothing without a word: the rules do not exist, and no alert of "
        "theirs ever fires.",
        example=f"{_COMPOSE}# prometheus.yml\nrule_files: [/etc/prometheus/alerts/*.yml]\n# rules/api.yml\n{_RULES}",
        instead=f"{_COMPOSE}# prometheus.yml\nrule_files: [/etc/prometheus/rules/*.yml]\n# rules/api.yml\n{_RULES}",
    )
)
NOBODY = register(
    Kind(
        id="prometheus/rules-not-loaded",
        severity=Severity.WARNING,
        title="a rule file that no Prometheus loads",
        why="Rules in a file that no entry of rule_files matches, or that is not mounted, are never evaluated. It is "
        "a hint where the files do not say how Prometheus is run.",
        example=f"{_COMPOSE}# prometheus.yml\nrule_files: [rules/api.yml]\n{_TWO}",
        instead=f"{_COMPOSE}# prometheus.yml\nrule_files: [rules/*.yml]\n{_TWO}",
    )
)


@each_prometheus(NOTHING)
def judge_patterns(server: Prometheus, setup: Setup) -> Iterator[Finding]:
    """Each pattern that matches nothing; certain where the mounts say what is there."""
    for pattern in server.patterns:
        if pattern.files or not pattern.text or "$" in pattern.text or "{" in pattern.text:
            continue
        if not pattern.is_known and (pattern.text.startswith("/") or not server.part.document.folder):
            continue  # nothing here says where that is
        if _has_sibling(pattern, server):
            continue  # *.yml and *.yaml of one folder: the other one matches
        where = f"in the container {server.service!r}" if server.service else "from its own folder"
        yield NOTHING.at(
            pattern.at(),
            f"{pattern.text} matches no file {where}",
            severity=_severity(pattern, server, setup),
            effect="its rules do not exist, and nothing says so",
            todo="correct the path, or mount the file there" if server.service else "correct the path",
            see=_see(server, pattern),
        )


def _severity(pattern: Pattern, server: Prometheus, setup: Setup) -> Severity:
    """A pattern over a folder that has no rules yet loses none."""
    if _is_lost(server, setup) or (pattern.is_known and "*" not in pattern.text):
        return NOTHING.severity
    return Severity.INFO if pattern.is_known else Severity.HINT


def _has_sibling(pattern: Pattern, server: Prometheus) -> bool:
    folder = os.path.dirname(pattern.text)
    return "*" in pattern.text and any(
        other.files and os.path.dirname(other.text) == folder for other in server.patterns
    )


def _is_lost(server: Prometheus, setup: Setup) -> bool:
    """Whether a rule file beside or below the configuration is loaded by nobody: then it was meant."""
    root = f"{server.part.document.folder}/"
    return any(part.document.address.startswith(root) for part in _unloaded(setup))


def _see(server: Prometheus, pattern: Pattern) -> str:
    if server.service:
        return f"docker compose exec {server.service} ls -l {pattern.text}"
    return f"promtool check config {server.argument}: it names each rule file that it found"


@whole_setup(NOBODY)
def judge_files(setup: Setup) -> Iterator[Finding]:
    """Each rule file that no configuration of the set-up loads."""
    if not setup.prometheuses:
        return
    loaded = {os.path.dirname(address) for address in _loaded(setup)}
    for part in _unloaded(setup):
        folder = part.document.folder
        near = [server for server in setup.prometheuses if _is_near(server, folder)]
        if not near:
            continue
        is_known = all(map(_is_known, setup.prometheuses))
        is_sure = is_known and (folder in loaded or _is_forgotten(part, setup))
        yield NOBODY.at(
            part.at("groups"),
            "no entry of rule_files matches it" + (", as the mounts have it" if near[0].service else ""),
            severity=None if is_sure else Severity.HINT,
            effect="its rules are never evaluated",
            todo="add it to rule_files, and mount it",
            see="curl http://PROMETHEUS:9090/api/v1/rules",
        )


def _loaded(setup: Setup) -> set[str]:
    return {
        address
        for server in setup.prometheuses
        for pattern in server.patterns
        for address in pattern.addresses
    }


def _unloaded(setup: Setup) -> Iterator[Part]:
    """The rule files of the disk that nobody loads, and in which a rule is PromQL."""
    loaded = _loaded(setup)
    promql = {rule.part.document for rule in setup.rules if rule.tree is not None}
    for part in setup.rule_parts:
        document = part.document
        if (
            document.address.startswith("/")
            and document.address not in loaded
            and document in promql
            and not document.part().text("kind")  # the operator loads its resources by their labels
            and not is_evaluated_elsewhere(document.address, setup.compose)
        ):
            yield part


def _is_forgotten(part: Part, setup: Setup) -> bool:
    """Whether rules lie below the only configuration, which loads none at all."""
    if len(setup.prometheuses) != 1 or setup.prometheuses[0].patterns:
        return False
    folder = setup.prometheuses[0].part.document.folder
    return bool(folder) and f"{part.document.folder}/".startswith(f"{folder}/")


def _is_near(server: Prometheus, folder: str) -> bool:
    """Whether a folder is that of the configuration, below it, or beside it."""
    mine = server.part.document.folder
    return bool(mine) and f"{folder}/".startswith((f"{mine}/", f"{os.path.dirname(mine).rstrip('/')}/"))


def _is_known(server: Prometheus) -> bool:
    return server.container is not None and all(pattern.is_known for pattern in server.patterns)
