"""What a user types. Each session works alone on a fresh clone: `nox -s verify`, `nox -s tests`, `nox -s lint`.

All sessions share one environment, built from requirements.lock into .nox/environment and built anew only when the
lock changes. A session hands the status of its command on: 0, 1, 2 and 4 mean what the README says.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nox

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
ENVIRONMENT = HERE / ".nox" / "environment"
LAUNCHER = HERE / "promproof" / "stack" / "launcher.py"

nox.options.default_venv_backend = "none"
nox.options.sessions = ["verify"]


def python() -> str:
    """The interpreter of the shared environment, which is built when it is missing or the lock has changed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the message is for those who run an older one
        print(f"Python {sys.version.split()[0]} is too old; expected 3.11 or newer.", file=sys.stderr)
        raise SystemExit(4)
    given = os.environ.get("HARNESS_PYTHON")
    if given:  # an environment that somebody else has built, a container's or a test's
        return given
    return str(environment(ENVIRONMENT, sys.executable, sys.version))


def environment(folder: Path, base: str, version: str) -> Path:
    """The interpreter of an environment with what the lock says, built anew by `base` when that or the lock changed."""
    wanted = hashlib.sha256(LOCK.read_bytes() + version.encode()).hexdigest()
    stamp = folder / "lock.sha256"
    interpreter = folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == wanted and interpreter.exists():
        return interpreter
    shutil.rmtree(folder, ignore_errors=True)
    print(f"building {folder.relative_to(HERE)} from {LOCK.name} (once)", flush=True)
    hand_on([base, "-m", "venv", str(folder)])
    install(interpreter)
    stamp.write_text(wanted)
    return interpreter


def install(interpreter: Path) -> None:
    """Install the lock into the environment: by uv, in seconds, or by pip where uv does not find what pip does.

    Who keeps a mirror has told pip of it, and not always uv.
    """
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    uv = next(line.split()[0] for line in lines if line.startswith("uv=="))
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    by_uv = [str(interpreter), "-m", "uv", "pip", "install", "--quiet", "--python", str(interpreter)]
    if attempt([*pip, uv]) == 0 and attempt([*by_uv, "--compile-bytecode", "-r", str(LOCK)]) == 0:
        return
    print("uv cannot install them, pip is asked", flush=True)
    hand_on([*pip, "-r", str(LOCK)])


def hand_on(command: list[str]) -> None:
    """Run a command to its end and leave with its status when that is not 0."""
    status = attempt(command)
    if status:
        raise SystemExit(status)


def attempt(command: list[str]) -> int:
    """Run a command to its end and return its status; 2 for one that a signal ended.

    The command cannot outlive nox: a signal is passed on and its end awaited, and the kernel ends it after `kill -9`.
    """
    argv = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]
    passed_on = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    # Blocked here and in the command until it can answer: none meets an interpreter that is half-way up.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)
    try:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, cwd=HERE)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        assert process.stdin is not None
        with process.stdin as go:
            go.write(b"g")
        while process.poll() is None:
            told = signal.sigtimedwait(passed_on | {signal.SIGCHLD}, 1.0)
            # What the terminal sends (si_code above 0: the kernel) has reached the command by itself.
            if told is not None and told.si_signo in passed_on and told.si_code <= 0:
                process.send_signal(told.si_signo)
        while signal.sigtimedwait(passed_on, 0) is not None:
            pass  # answered by the end of the command
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process.returncode if process.returncode >= 0 else 2


def guarded(module: str, *arguments: str) -> list[str]:
    """The command of one of the harness's own programs, which ends in order whenever a signal comes."""
    return [python(), "-m", "promproof.interrupts", module, *arguments]


@nox.session
def verify(session: nox.Session) -> None:
    """The main job: stack, traffic, every claim, report."""
    hand_on(guarded("promproof", "verify", *session.posargs))


@nox.session
def drill(session: nox.Session) -> None:
    """Alert-firing drills: every alert, live, on both sides of its threshold."""
    hand_on(guarded("promproof", "drill", *session.posargs))


@nox.session
def tests(session: nox.Session) -> None:
    """The tests of the harness, counted: every test that stands in the files runs and passes, or the session is red.

    Options: --no-skips, --may-lack NEED, --count (tests/gate). With other arguments: pytest with these.
    """
    gate = [python(), "-m", "tests.gate"]
    if not session.posargs or session.posargs[0] in ("--no-skips", "--may-lack", "--count"):
        hand_on([*gate, *session.posargs])
    else:
        hand_on([python(), "-m", "pytest", "-q", *session.posargs])


@nox.session
def nightly(session: nox.Session) -> None:
    """The tests that take too long for every day, counted as those of `tests` are; the scheduled workflow runs them."""
    hand_on([python(), "-m", "tests.gate", "--nightly", *session.posargs])


@nox.session
def load(session: nox.Session) -> None:
    """A load session without UI: ledger, pass/fail, report. `nox -s load -- steady --target URL`."""
    hand_on(guarded("promproof", "load", *session.posargs))


@nox.session
def ui(session: nox.Session) -> None:
    """Locust's web UI with the verification page, against a running stack."""
    hand_on(guarded("promproof", "ui", *session.posargs))


@nox.session
def demo(session: nox.Session) -> None:
    """Everything at once, to be looked at: press a button in the web UI, and watch an alert fire and resolve."""
    hand_on(guarded("promproof", "demo", *session.posargs))


@nox.session
def images(session: nox.Session) -> None:
    """Build the images of the container tests, without a registry; `-- --pin`: write the digests of those that ship."""
    hand_on(guarded("promproof", "images", *session.posargs))


@nox.session
def stack(session: nox.Session) -> None:
    """Keep the documented stack up to look at: up, status, logs, down."""
    hand_on(guarded("promproof", "stack", *session.posargs))


@nox.session
def pythons(session: nox.Session) -> None:
    """The pure tests on every Python from 3.11 that is on PATH, each in an environment of its own."""
    for version in ("3.11", "3.12", "3.13", "3.14"):
        found = shutil.which(f"python{version}")
        if found is None:
            print(f"Python {version}: not on PATH", flush=True)
            continue
        interpreter = environment(ENVIRONMENT.with_name(f"python{version}"), found, found)
        print(f"Python {version}:", flush=True)
        hand_on([str(interpreter), "-m", "pytest", "-q", "-m", "unit and not nightly", *session.posargs])


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting, types, scenario and configuration checks."""
    interpreter = python()
    for check in (
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "ruff", "check", "."],
        ["-m", "mypy", "promptpilot", "promproof", "loadtests", "verification", "benchmarks", "tests"],
        [
            "-m",
            "promproof",
            "scenarios",
            "check",
            *sorted(str(path.relative_to(HERE)) for path in (HERE / "scenarios").glob("*.yaml")),
        ],
    ):
        hand_on([interpreter, *check])


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation as a site, in site/: a link that leads nowhere is an error. `-- serve` shows it at once."""
    what = session.posargs or ["build"]
    hand_on(["env", "NO_MKDOCS_2_WARNING=1", python(), "-m", "mkdocs", *what])


@nox.session
def pictures(session: nox.Session) -> None:
    """The pictures of the documentation, made anew from recorded runs and from a demonstration; needs Chromium."""
    hand_on([python(), "-m", "tests.browser.picture"])
    hand_on([python(), "-m", "tests.browser.demo_picture"])


@nox.session
def lock(session: nox.Session) -> None:
    """Resolve the dependencies of pyproject.toml anew into requirements.lock."""
    hand_on(
        [
            python(),
            "-m",
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--group",
            "dev",
            "--all-extras",
            "--universal",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-annotate",
            "--no-header",
            "--upgrade",
            "-q",
            "-o",
            str(LOCK),
        ]
    )
