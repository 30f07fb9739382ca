"""What it is verified on: the target, the stack beside it, the images of both."""

from __future__ import annotations

from promproof.optiontable.option import (
    EVERY,
    IMAGES,
    PROGRAMS,
    RUNS,
    STACK,
    TARGET,
    Option,
)

OPTIONS = (
    Option("app", TARGET, (*RUNS, "init"), 'command that starts the target: "my-api --port {port}"', "CMD"),
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
        "its instance label in that Prometheus, if not host:port",
        "LABEL",
    ),
    Option(
        "metrics",
        TARGET,
        (*RUNS, "init"),
        "URL of its metrics, when at another port or path",
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
        "URL of a Prometheus that runs and scrapes the target",
        "URL",
        defaults={"ui": "http://127.0.0.1:9090"},
    ),
    Option("alertmanager", STACK, RUNS, "URL of an Alertmanager that runs already", "URL"),
    Option(
        "grafana",
        STACK,
        ("verify",),
        "URL of a Grafana that runs with this provisioning",
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
        (*RUNS, "mutate", "prove", "check", "demo"),
        f"where a program is: {', '.join(PROGRAMS)}; may be repeated",
        "NAME=PATH",
        repeatable=True,
    ),
    Option(
        "running-scale",
        STACK,
        ("ui",),
        "by how much the durations of the stack that runs are shortened",
        "N",
        default="1",
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
    Option("pull", IMAGES, ("stack",), "up: give a registry five minutes, not 20 s", kind="flag"),
    Option("volumes", IMAGES, ("stack",), "down: remove the data too", kind="flag"),
    Option(
        "pin",
        IMAGES,
        ("images",),
        "instead, ask the registry for the digests of the images that ship and write them",
        kind="flag",
    ),
)
