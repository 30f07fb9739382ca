"""The commands, one row each: what `--help` says, and the module whose `run` does it.

A command is a row here, its options in `promproof.optiontable`, and a module that is imported only when it is run:
its function takes the values by their keys, `no_drill` say, and returns the exit status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Run = Callable[[dict[str, Any]], int]
KINDS = ("contract", "drill", "scenario", "report")
"""of files that have a JSON Schema"""
"""What does a command: the values by their keys, with arguments and `rest`; the exit status."""


@dataclass(frozen=True)
class Argument:
    """A word without a dash. many: any number of them, a tuple; names: MODULE:FUNCTION with what a shell may offer."""

    name: str
    metavar: str
    required: bool = True
    many: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    names: str = ""


@dataclass(frozen=True)
class Command:
    """One command.

    name: its words, "scenarios check" say; place: MODULE:FUNCTION; text: paragraphs of its help below the summary;
    rest: what may follow `--`, and is handed on in `given["rest"]` as it is; foreign: so are options that are not ours.
    unwinds: a signal ends what it has begun, its children and its folders; what frames a run of its own does so itself.
    """

    name: str
    place: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    text: tuple[str, ...] = ()
    rest: str = ""
    foreign: bool = False
    unwinds: bool = False


COMMANDS = (
    Command(
        "init",
        "promproof.cli.init:run",
        "a contract and a scenario from what a service shows",
        unwinds=True,
        text=(
            "Starts the service, or asks one that runs: sends known requests that only read, sees which metrics count "
            "them under which labels, reads the rules and dashboards of the monitoring folder, and writes "
            "promproof/contract.yaml. Again on a changed service it merges: your own edits stay.",
        ),
    ),
    Command(
        "verify",
        "promproof.cli.verify:run",
        "the main job: stack, traffic, every claim, report",
        text=(
            "Starts the target and a stack, drives traffic, judges every claim of the contract, takes an alert to "
            "the webhook and back, and removes everything again. Each claim is a pytest item: pytest's own options "
            "(-k, -x, --lf, --junitxml, --collect-only, -v ...) are taken after --.",
        ),
        rest="PYTEST OPTIONS",
    ),
    Command(
        "drill",
        "promproof.cli.drilllist:run",
        "every alert, live, on both sides of its threshold",
        (Argument("names", "[DRILL]...", required=False, many=True, names="promproof.cli.drilllist:names"),),
        text=(
            "DRILL is the name of a drill or of an alert; without one, the default drills run side by side.",
        ),
    ),
    Command(
        "load",
        "promproof.cli.load:run",
        "play a scenario, judge it, write a report",
        (Argument("scenario", "SCENARIO", names="promproof.cli.scenarios:names"),),
        text=("SCENARIO is a file, or the name of one: promproof scenarios list.",),
    ),
    Command(
        "ui",
        "promproof.cli.ui:run",
        "Locust's web UI with the verification page",
        text=("Against a stack that is running. Any other option is Locust's own.",),
        rest="LOCUST OPTIONS",
        foreign=True,
    ),
    Command(
        "judge",
        "promproof.cli.judge:run",
        "the verdicts of a run again, from its folder alone",
        (Argument("folder", "RUN"),),
        text=(
            "RUN is the folder of a run of verify or drill, below reports/ or wherever it was copied to. Nothing is "
            "started and nobody is asked; the exit status is that of the run.",
        ),
    ),
    Command(
        "report",
        "promproof.cli.report:run",
        "the page of a run again, from its folder alone",
        (Argument("folder", "RUN"),),
        text=(
            "RUN is the folder of a run of verify or drill. index.html is written into it: one file that shows every "
            "claim, and draws what was seen.",
        ),
    ),
    Command(
        "prove",
        "promproof.cli.prove:run",
        "every alert of rule files at its boundary, without a target",
        (Argument("paths", "PATH...", many=True),),
        unwinds=True,
        text=(
            "PATH is a rule file, or a folder that has some. Series on either side of every comparison are made from "
            "the expression, and promtool says what fires. Exit status 1: an alert is contradicted or dead.",
        ),
    ),
    Command(
        "check",
        "promproof.cli.check:run",
        "mistakes of any monitoring folder, without a target",
        (Argument("paths", "[PATH]...", required=False, many=True),),
        unwinds=True,
        text=(
            "Reads what is below each PATH, the folder here unless one is given: Prometheus, rules, Alertmanager, "
            "Grafana, compose files, resources of the operator; - is the standard input. Nothing is started.",
        ),
    ),
    Command(
        "explain",
        "promproof.cli.explain:run",
        "what a kind of finding is, or which there are",
        (Argument("id", "[ID]", required=False, names="promproof.cli.explain:names"),),
        text=("ID is that of a finding of check, rule/window-too-short say; or a family, rule say.",),
    ),
    Command(
        "mutate",
        "promproof.cli.mutate:run",
        "which small changes of rules their tests do not notice",
        (Argument("paths", "[PATH]...", required=False, many=True),),
        unwinds=True,
        text=(
            "PATH is a rule file, or a folder that has some. Nothing is started but promtool; no target is needed. "
            "With --live PATH is the monitoring folder: the faults of docs/faults.md are planted into copies of it, "
            "and everything that this program can judge without traffic is judged.",
        ),
    ),
    Command(
        "demo",
        "promproof.cli.demo:run",
        "everything at once, to look at: press a button, watch an alert",
        text=(
            "Brings up a service, Prometheus, Alertmanager and the web UI, with durations a sixtieth of the "
            "deployed ones, and sends traffic until somebody ends it. The service is that of "
            "monitoring/contract.yaml, or a small shop where there is none.",
        ),
    ),
    Command(
        "stack",
        "promproof.cli.stack:run",
        "keep the documented stack up to look at",
        (
            Argument(
                "action",
                "[up|status|logs|down]",
                False,
                choices=("up", "status", "logs", "down"),
                default="up",
            ),
            Argument("services", "[SERVICE]...", required=False, many=True),
        ),
        text=(
            "The action is up unless another is named; logs takes the names of services. Where no container engine "
            "answers, the target, Prometheus, Alertmanager and Node Exporter are processes, up until Ctrl-C, at their "
            "usual ports where these are free; promproof ui finds them wherever they are.",
        ),
    ),
    Command("images", "promproof.cli.images:run", "build the images of the containers without a registry"),
    Command(
        "scenarios check",
        "promproof.cli.scenarios:check",
        "read scenario files and tell every mistake",
        (Argument("files", "SCENARIO...", many=True, names="promproof.cli.scenarios:names"),),
    ),
    Command("scenarios list", "promproof.cli.scenarios:listing", "tell which scenarios there are"),
    Command(
        "scenarios show",
        "promproof.cli.scenarios:show",
        "print the file of a scenario",
        (Argument("scenario", "SCENARIO", names="promproof.cli.scenarios:names"),),
    ),
    Command("scenarios schema", "promproof.cli.scenarios:schema", "print the JSON Schema for editors"),
    Command(
        "schema",
        "promproof.cli.schema:run",
        "print the JSON Schema of a kind of file, for editors and tools",
        (Argument("kind", "|".join(KINDS), choices=KINDS),),
        text=("In a file: # yaml-language-server: $schema=contract.schema.json",),
    ),
    Command(
        "completion",
        "promproof.cli.completion:run",
        "print the script for a shell's completion",
        (Argument("shell", "bash|zsh|fish", choices=("bash", "zsh", "fish")),),
        text=(
            'For bash: eval "$(promproof completion bash)" in ~/.bashrc; for zsh the same with zsh in ~/.zshrc; for '
            "fish: promproof completion fish > ~/.config/fish/completions/promproof.fish.",
        ),
    ),
)
GROUPS = {"scenarios": "look at scenarios: traffic as data"}
"""Commands that have commands of their own, with their summaries."""
STATUS = "Exit status: 0 all passed, 1 a claim or condition failed, 2 unknown or interrupted, 4 bad arguments or input."
