"""Every option of the commands, declared once: what `promproof`, the pytest plugin and the web UI make theirs from.

`promproof verify --contract FILE` and `pytest --promproof-contract FILE` are the same row. A row has one meaning in
every command that takes it; only its default may differ. Nothing but the standard library and the places is imported,
since a `--help` reads this table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from promproof.places import DEFAULT_CONTRACT, DEFAULT_DRAFT, DEFAULT_MONITORING, DEFAULT_REPORTS, DRILLS

PREFIX = "promproof-"
"""of the options in pytest, so that none is in another's way"""
PROGRAMS = ("prometheus", "promtool", "alertmanager", "amtool", "node_exporter")

SUBJECT = "What is verified"
CHOICE = "Which drills"
TRAFFIC = "Traffic"
TARGET = "The target"
STACK = "The stack"
JUDGING = "Judging"
WORKERS = "Several processes, several machines"
SERVING = "The web UI"
IMAGES = "Images and data"
OUTPUT = "Output"
GROUPS = (CHOICE, SUBJECT, TRAFFIC, TARGET, STACK, JUDGING, WORKERS, SERVING, IMAGES, OUTPUT)
"""The headings of `--help`, in their order."""

Kind = Literal["text", "path", "number", "flag"]


@dataclass(frozen=True)
class Option:
    """One option; `defaults` holds the default of a command that has another one than the rest."""

    name: str
    group: str
    commands: tuple[str, ...]
    help: str
    metavar: str = ""
    kind: Kind = "text"
    default: str | Path | None = None
    repeatable: bool = False
    variable: str = ""
    """The environment variable that stands for it."""
    defaults: Mapping[str, str | None] = field(default_factory=dict)
    short: str = ""
    """A letter that stands for it, but not in pytest, whose letters are its own."""

    @property
    def key(self) -> str:
        """Its name among the values of a command line."""
        return self.name.replace("-", "_")

    def default_of(self, command: str) -> Any:
        """What the command takes when it is not given; of a flag False, of a repeatable one an empty list."""
        if self.kind == "flag":
            return False
        return [] if self.repeatable else self.defaults.get(command, self.default)

    def described(self, command: str) -> str:
        """The help text with its default, and the variable that stands for it."""
        default = self.default_of(command)
        notes = [f"default: {_short(default)}"] if isinstance(default, str | Path) else []
        notes += [f"variable: {self.variable}"] if self.variable else []
        return f"{self.help} [{'; '.join(notes)}]" if notes else self.help


def _short(default: str | Path) -> str:
    here = Path.cwd()
    return str(
        default.relative_to(here) if isinstance(default, Path) and default.is_relative_to(here) else default
    )


def options(command: str) -> Iterator[Option]:
    """The options of a command, group by group."""
    mine = [option for option in OPTIONS if command in option.commands]
    return iter(sorted(mine, key=lambda option: GROUPS.index(option.group)))


def named(name: str) -> Option:
    """The option of that name."""
    return next(option for option in OPTIONS if option.name == name)


RUNS = ("verify", "drill")
LOADS = ("load", "ui")
EVERY = (*RUNS, *LOADS)
OPTIONS = (
    Option("all", CHOICE, ("drill",), "also the drills of the sub-folders", kind="flag"),
    Option("list", CHOICE, ("drill",), "tell which drills there are", kind="flag"),
    Option("recover", CHOICE, ("drill",), "take back what killed runs left, and end", kind="flag"),
    Option("drills", CHOICE, ("drill",), "folder of the drills", "DIR", "path", DRILLS),
    Option(
        "contract",
        SUBJECT,
        (*EVERY, "mutate"),
        "the contract: all claims of the service",
        "FILE",
        "path",
        DEFAULT_CONTRACT,
    ),
    Option(
        "monitoring",
        SUBJECT,
        (*RUNS, "ui", "init", "mutate"),
        "the monitoring folder as deployed",
        "DIR",
        "path",
        DEFAULT_MONITORING,
        defaults={"ui": None, "init": None},
    ),
    Option(
        "claim",
        SUBJECT,
        ("verify",),
        "only claims whose id starts with this; may be repeated",
        "PREFIX",
        repeatable=True,
    ),
    Option(
        "plugins",
        SUBJECT,
        (
            *EVERY,
            "judge",
            "report",
            "mutate",
            "scenarios check",
            "scenarios list",
            "scenarios schema",
            "schema",
        ),
        "load checks, faults, load models and so on from the Python files of this folder; may be repeated",
        "DIR",
        "path",
        repeatable=True,
        variable="PROMPROOF_PLUGINS",
    ),
    Option(
        "live",
        SUBJECT,
        ("mutate",),
        "plant the faults of the catalogue into the whole set-up, and judge that",
        kind="flag",
    ),
    Option(
        "run",
        SUBJECT,
        ("mutate",),
        "--live: the folder of a run of verify: the faults of what its target exposes are judged on its evidence",
        "DIR",
        "path",
    ),
    Option(
        "places",
        SUBJECT,
        ("mutate",),
        "--live: how many places of a fault are tried",
        "N",
        "number",
        defaults={"mutate": "1"},
    ),
    Option(
        "tests",
        SUBJECT,
        ("mutate", "prove"),
        "files for `promtool test rules`, a pattern, or a folder of them; may be repeated",
        "FILE",
        repeatable=True,
    ),
    Option(
        "alertmanager",
        SUBJECT,
        ("prove", "mutate"),
        "an Alertmanager file: prove tells where each alert goes, mutate changes it too",
        "FILE",
        "path",
    ),
    Option(
        "scrape-interval",
        SUBJECT,
        ("prove",),
        "the time between samples; without it 15 s, or less where a window is shorter",
        "DURATION",
    ),
    Option(
        "no-cache",
        SUBJECT,
        ("prove",),
        "prove again what an earlier run has proven, and keep nothing",
        kind="flag",
    ),
    Option(
        "write-tests",
        OUTPUT,
        ("prove",),
        "write a test file for promtool for each proven alert there",
        "DIR",
        "path",
    ),
    Option("against", OUTPUT, ("report",), "tell what changed since this run", "OLDER", "path"),
    Option("no-drill", SUBJECT, ("verify",), "leave the alert's live drill out", kind="flag"),
    Option(
        "drill",
        SUBJECT,
        ("verify",),
        "then also the drills of the other alerts",
        "all",
    ),
    Option(
        "strict", SUBJECT, (*RUNS, "judge"), "a claim that cannot be verified here is an error", kind="flag"
    ),
    Option(
        "time-scale",
        SUBJECT,
        RUNS,
        "shortens every duration; 1 is real time. Without it: the largest that fits, up to 60",
        "N",
        "number",
    ),
    Option(
        "prometheus-config",
        SUBJECT,
        ("check",),
        "the configuration of Prometheus, and no other; may be repeated",
        "FILE",
        "path",
        repeatable=True,
    ),
    Option(
        "alertmanager-config",
        SUBJECT,
        ("check",),
        "the configuration of Alertmanager, and no other; may be repeated",
        "FILE",
        "path",
        repeatable=True,
    ),
    Option(
        "dashboards",
        SUBJECT,
        ("check",),
        "dashboards besides those of the paths, a file or a folder; may be repeated",
        "PATH",
        "path",
        repeatable=True,
    ),
    Option(
        "app", TARGET, (*RUNS, "init"), 'command that starts the target, "my-api --port {port}" say', "CMD"
    ),
    Option(
        "target",
        TARGET,
        (*EVERY, "init"),
        "URL of a target that runs already",
        "URL",
        defaults={"load": "http://127.0.0.1:8000", "ui": "http://127.0.0.1:8000"},
    ),
    Option(
        "instance",
        TARGET,
        (*RUNS, "ui"),
        "the target's instance label in that Prometheus, when it is not the host:port of --target",
        "LABEL",
    ),
    Option(
        "metrics",
        TARGET,
        (*RUNS, "init"),
        "URL of the metrics of a target that runs already, when they are at another port or path",
        "URL",
    ),
    Option("metrics-path", TARGET, ("init",), "where its metrics are, when not at a usual path", "PATH"),
    Option(
        "health", TARGET, ("init",), "the path that says that it is ready, and its status: /ready=204", "PATH"
    ),
    Option("directory", TARGET, ("init",), "the folder in which the command runs", "DIR", kind="path"),
    Option("env-file", TARGET, ("init",), "its environment: a file of NAME=VALUE lines", "FILE", kind="path"),
    Option("openapi", TARGET, ("init",), "its OpenAPI document, when not at a usual path", "URL"),
    Option(
        "route",
        TARGET,
        ("init",),
        "a request to send besides, /items or 'POST /items'; may be repeated",
        "REQUEST",
        repeatable=True,
    ),
    Option("database", TARGET, ("verify",), "URL of the database of a target that runs already", "URL"),
    Option("fault-url", TARGET, (*RUNS, "ui"), "fault port of a target that runs already", "URL"),
    Option("fault-token", TARGET, (*RUNS, "ui"), "its token", "TEXT", variable="FAULT_TOKEN"),
    Option(
        "stack",
        STACK,
        RUNS,
        "who brings Prometheus up: auto, processes, containers or external",
        "BACKEND",
        default="auto",
    ),
    Option(
        "prometheus",
        STACK,
        (*EVERY, "check", "init"),
        "URL of a Prometheus that runs already and scrapes the target",
        "URL",
        defaults={"ui": "http://127.0.0.1:9090"},
    ),
    Option("alertmanager", STACK, RUNS, "URL of an Alertmanager that runs already", "URL"),
    Option(
        "grafana",
        STACK,
        ("verify",),
        "URL of a Grafana that runs already, with the folder's provisioning",
        "URL",
    ),
    Option(
        "header",
        STACK,
        (*RUNS, "init"),
        "shown to what runs already, 'prometheus=Authorization: Bearer @FILE' say; may be repeated",
        "HEADER",
        repeatable=True,
    ),
    Option(
        "ca-file",
        STACK,
        (*RUNS, "init"),
        "certificates to trust of what runs already at https://",
        "FILE",
        kind="path",
    ),
    Option(
        "binary",
        STACK,
        (*RUNS, "mutate", "prove", "check"),
        f"where a program is: {', '.join(PROGRAMS)}; may be repeated",
        "NAME=PATH",
        repeatable=True,
    ),
    Option(
        "documented-ports", STACK, ("verify",), "containers: 9090, 9093, 9100 and not free ports", kind="flag"
    ),
    Option(
        "target-on-bridge",
        STACK,
        ("verify",),
        "containers: let them reach a target on this machine, at the gateway of the run's own bridge",
        kind="flag",
    ),
    Option("keep-on-failure", STACK, ("verify",), "containers: leave a failed run's stack up", kind="flag"),
    Option("rate", TRAFFIC, LOADS, "arrivals, 200/s or 200; of stages, that of the highest", "RATE"),
    Option("duration", TRAFFIC, LOADS, "of the arrivals, 2m; of stages, that of all together", "TIME"),
    Option("users", TRAFFIC, ("load",), "of a closed scenario", "N"),
    Option("closed-users", TRAFFIC, ("ui",), "users of a closed scenario", "N"),
    Option("max-requests", TRAFFIC, LOADS, "no session is started once so many requests have been sent", "N"),
    Option(
        "scenario",
        TRAFFIC,
        ("ui",),
        "a scenario's file or name, for the start form; unless given steady, or root where there is none",
        "SCENARIO",
    ),
    Option(
        "pass",
        JUDGING,
        ("load",),
        "a condition, 'p95 < 250ms'; may be repeated",
        "CONDITION",
        repeatable=True,
    ),
    Option(
        "min-score",
        JUDGING,
        ("mutate",),
        "fail below so many of 100 killed mutants, or caught faults",
        "PERCENT",
        "number",
    ),
    Option(
        "min-coverage",
        JUDGING,
        ("prove",),
        "fail when fewer of 100 alerts have a firing and a silent case in --tests",
        "PERCENT",
        "number",
    ),
    Option(
        "mutants",
        JUDGING,
        ("prove",),
        "change each rule a little, and tell how many changes --tests notice, or else what --write-tests writes",
        kind="flag",
    ),
    Option(
        "routes",
        JUDGING,
        ("prove",),
        "ask a real Alertmanager, with the file of --alertmanager, where each proven alert goes",
        kind="flag",
    ),
    Option(
        "severity",
        JUDGING,
        ("check",),
        "the mildest that is shown and fails: error, warning, info or hint",
        "SEVERITY",
        default="warning",
    ),
    Option(
        "only",
        JUDGING,
        ("check",),
        "judge this kind of finding alone, or this family: rule say; may be repeated",
        "ID",
        repeatable=True,
    ),
    Option(
        "only",
        JUDGING,
        ("mutate",),
        "--live: this class of faults alone, or this fault, or this pattern; may be repeated",
        "FAULT",
        repeatable=True,
    ),
    Option("baseline", JUDGING, ("load",), "runs to compare with", "FILE", "path"),
    Option(
        "changed-since",
        JUDGING,
        ("check",),
        "tell what is in files changed since then, and what the change caused elsewhere",
        "REF",
    ),
    Option(
        "prove",
        JUDGING,
        ("check",),
        "prove every alert too (promproof prove): which can't fire, or do otherwise than written",
        kind="flag",
    ),
    Option("baseline", JUDGING, ("check",), "findings that are known and not told again", "FILE", "path"),
    Option(
        "write-baseline", JUDGING, ("check",), "write what is found now to that file, and pass", kind="flag"
    ),
    Option(
        "save-baseline", JUDGING, ("load",), "add this run to that file, when it is valid", "FILE", "path"
    ),
    Option("workers", WORKERS, ("load",), "share the load among N processes on this machine", "N"),
    Option("await-workers", WORKERS, ("load",), "share it among N workers that somebody else starts", "N"),
    Option(
        "listen", WORKERS, ("load",), "where the master takes workers", "HOST[:PORT]", default="127.0.0.1"
    ),
    Option(
        "master-bind-host",
        WORKERS,
        ("ui",),
        "where workers can connect, with --master",
        "HOST",
        default="127.0.0.1",
    ),
    Option("web-host", SERVING, ("ui",), "address of the web UI", "HOST", default="127.0.0.1"),
    Option("web-port", SERVING, ("ui",), "port of the web UI", "PORT", default="8089"),
    Option("pull", IMAGES, ("stack",), "up: give a registry five minutes, not 20 s", kind="flag"),
    Option("volumes", IMAGES, ("stack",), "down: remove the data too", kind="flag"),
    Option(
        "pin",
        IMAGES,
        ("images",),
        "instead, ask the registry for the digests of the images that ship and write them",
        kind="flag",
    ),
    Option("format", OUTPUT, ("mutate", "prove"), "text or json", "FORMAT", default="text"),
    Option("format", OUTPUT, ("check",), "text, json, github, sarif or junit", "FORMAT", default="text"),
    Option("output", OUTPUT, ("init",), "the folder of the draft", "DIR", "path", DEFAULT_DRAFT),
    Option("output", OUTPUT, ("check",), "write there and not to the terminal", "FILE", "path"),
    Option(
        "verbose",
        OUTPUT,
        ("verify", "drill", "judge"),
        "a line for each claim, and what each that is red was promised",
        kind="flag",
        short="v",
    ),
    Option("verbose", OUTPUT, ("mutate",), "--live: a line for each fault", kind="flag", short="v"),
    Option("json", OUTPUT, ("judge",), "write the verdicts there as well", "FILE", "path"),
    Option(
        "junit",
        OUTPUT,
        ("drill", "load", "judge"),
        "write the verdicts there as JUnit, for a CI",
        "FILE",
        "path",
    ),
    Option(
        "serve-metrics", OUTPUT, ("load",), "serve the load itself to Prometheus while it runs", "[HOST:]PORT"
    ),
    Option(
        "reports",
        OUTPUT,
        EVERY,
        "where the folder of the run goes",
        "DIR",
        "path",
        DEFAULT_REPORTS,
        defaults={"ui": None},
    ),
)
