"""What becomes of an exception that nobody expected: a line for people, its traceback in a file, exit status 2.

A crash of our own is never a verdict on the service: Python's own status for it, 1, would say that a claim failed.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from promproof.errors import without_passwords

HOME = Path(__file__).resolve().parents[1]
ROOMS = ("promproof", "loadtests", "verification", "promptpilot")
STATUS, STATUS_OF_INPUT = 2, 4
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A disk without room, a user's share of it, a file as large as is allowed: no defect of the program."""
MOST_CHARACTERS = 300
"""of an exception's message in one line; the traceback has all of it"""


Keep = Callable[[str, BaseException], str]
"""Takes what was being done and the exception; gives the line that says it, and where its traceback is."""


def without_file(what: str, error: BaseException) -> str:
    """A `Keep` for those who have no folder: the traceback is not kept."""
    return describe(error)


def describe(error: BaseException) -> str:
    """An exception in one line: type, message, and the place in our code where it came from."""
    words = without_passwords(" ".join(str(error).split()))
    said = words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 3] + "..."
    where = place(error)
    return type(error).__name__ + (f": {said}" if said else "") + (f" at {where}" if where else "")


def place(error: BaseException) -> str:
    """`file:line` of the innermost frame in our code, of any code when none is ours; empty without a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))]
    if not frames:
        return ""
    frame = (ours or list(frames))[-1]
    file = Path(frame.filename)
    return f"{file.relative_to(HOME) if ours else file}:{frame.lineno}"


def _is_ours(file: Path) -> bool:
    return file.is_relative_to(HOME) and file.relative_to(HOME).parts[0] in ROOMS


class Tracebacks:
    """The tracebacks of a run, numbered, in one file that is there only when there are some."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._numbers: dict[str, int] = {}
        self._unwritable = ""
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many different ones there were."""
        return len(self._numbers)

    def keep(self, what: str, error: BaseException) -> str:
        """Write the traceback down, each only once; the line that says what happened and where to look.

        what: what was being done, `judging target/up` for example.
        """
        text = "".join(traceback.format_exception(error))
        with self._lock:
            number = self._numbers.get(text)
            if number is None:
                number = self._numbers[text] = len(self._numbers) + 1
                try:
                    with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                        file.write(f"{number}. {what}\n{text}\n")
                except OSError as unwritable:
                    self._unwritable = f"{self.path.name} cannot be written: {unwritable.strerror}"
        return f"{describe(error)} ({self._unwritable or f'traceback {number} in {self.path.name}'})"


def guard(command: str, main: Callable[[], int], reports: Path = Path("reports")) -> int:
    """The exit status of a command, whatever happens in it: what `main` lets through is one line and status 2.

    An exception that has an `exit_status` of its own speaks to users, and needs no traceback.
    """
    try:
        reports = reports.absolute()  # a command may change its folder
    except FileNotFoundError:
        tell("the working folder is not there any more\n  to do: change into one that is")
        return STATUS_OF_INPUT
    try:
        status = main()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt as signalled:
        tell(f"interrupted{f' by {signalled}' if str(signalled) else ''}")
    except BrokenPipeError:  # whoever read our output has gone; nothing is left to be told to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        own = getattr(error, "exit_status", None)
        if isinstance(own, int):
            tell(str(error))
            return own
        if isinstance(error, OSError) and error.errno in FULL:
            where = f"{error.filename}" if error.filename else "the output"
            tell(
                f"{command}: {where} can't be written: {error.strerror}\n  to do: make room there, and run it again"
            )
        else:
            tell(f"{command}: internal error: {describe(error)}; {write(error, reports)}")
    return STATUS


def write(error: BaseException, reports: Path) -> str:
    """Write a traceback into a new file in the first of these folders that takes it, and say where that is.

    The folder of the reports is not created for it.
    """
    import tempfile  # for a crash only

    text = "".join(traceback.format_exception(error))
    name = f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    for folder in (reports, Path(tempfile.gettempdir())):
        with suppress(OSError):
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
            return f"the traceback is in {folder / name}"
    return f"its traceback could not be written to a file:\n{text}"


def tell(line: str) -> None:
    """Write what went wrong to the standard error, on a terminal broken between words."""
    with suppress(OSError):
        columns = os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else 0
        sys.stderr.write("".join(f"{text}\n" for text in _lines(line, columns)))
        sys.stderr.flush()


def _lines(text: str, columns: int) -> list[str]:
    """Lines as long as a terminal is wide, broken between words; 0: as they are."""
    if not columns:
        return text.splitlines() or [""]
    import textwrap  # for an error only

    found: list[str] = []
    for line in text.splitlines():
        start = line[: len(line) - len(line.lstrip(" "))]
        found += textwrap.wrap(
            line,
            max(columns, 20),
            subsequent_indent=f"{start}  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return found
