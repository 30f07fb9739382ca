"""Files that could not be read, and documents that the program they are for drops without a word."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, register, whole_setup
from promproof.findings.setup import Setup
from promproof.findings.thing import argument

UNREADABLE = register(
    Kind(
        id="file/unreadable",
        severity=Severity.ERROR,
        title="a file that can't be read",
        why="The program that it is for does not start with it, or goes on with the old one.",
        example="groups:\n- name: api\n\trules: []",
        instead="groups:\n- name: api\n  rules: []",
    )
)
SECOND = register(
    Kind(
        id="file/second-document",
        severity=Severity.ERROR,
        title="a second YAML document in a file of which the first is loaded",
        why="Prometheus and Alertmanager load the first document of a file and drop the others without a word.",
        example="groups: []\n---\ngroups:\n- name: api\n  rules: []",
        instead="groups:\n- name: api\n  rules: []",
    )
)


@whole_setup(UNREADABLE, SECOND)
def judge(setup: Setup) -> Iterator[Finding]:
    """Say what reading the files came upon."""
    for trouble in setup.troubles:
        if trouble.kind == "unreadable":
            yield UNREADABLE.at(
                trouble.place,
                trouble.message,
                effect="nothing in it is loaded",
                todo="correct the syntax",
                see=_parsing(trouble.place.file),
            )
        else:
            yield SECOND.at(
                trouble.place,
                trouble.message,
                effect="the rules, jobs or routes from here on do not exist",
                todo="write the documents into files of their own, or into one",
                see=f"promtool check rules {argument(trouble.place.file)}: it counts the rules of the first document",
            )


def _parsing(file: str) -> str:
    """The command that shows the mistake: JSON is YAML too, but for what only one of them takes."""
    return f"{'python3 -m json.tool' if file.endswith('.json') else 'promtool check rules'} {argument(file)}"
