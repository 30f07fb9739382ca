"""What a benchmark is given on its command line: a mistake there is told in a line, with status 2."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser(about: str | None) -> argparse.ArgumentParser:
    """Of a benchmark with this docstring."""
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)


def nothing(about: str | None) -> None:
    """Read the command line of a benchmark that takes no arguments."""
    parser(about).parse_args()


def positive(text: str) -> int:
    """A number of things.

    Raises:
        ArgumentTypeError: it is no whole number from 1.
    """
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def folder(text: str) -> Path:
    """A folder.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return Path(text)


def run(text: str) -> Path:
    """The folder of a run.

    Raises:
        ArgumentTypeError: it has no history.
    """
    if not (Path(text) / "history.jsonl").is_file():
        raise argparse.ArgumentTypeError(f"{text} is no run: it has no history.jsonl")
    return Path(text)


def file(text: str) -> Path:
    """A file.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    return Path(text)
