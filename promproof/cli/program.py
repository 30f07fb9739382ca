"""The program `promproof`: click commands made from the tables of commands and options.

click parses, completes and wraps; what is ours is that a command's module is imported only when it is run, that options
stand under headings, and that every mistake ends with 4.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError
from click.shell_completion import CompletionItem

from promproof.cli.commands import COMMANDS, STATUS, Argument, Command
from promproof.cli.commands import GROUPS as GROUP_SUMMARIES
from promproof.crash import guard
from promproof.errors import InputError, meant
from promproof.interrupts import terminate_as_interrupt
from promproof.optiontable import GROUPS, Option, options

NAME = "promproof"
COMPLETING = "_PROMPROOF_COMPLETE"
"""The environment variable by which a shell asks for completions."""
PATHS = ("FILE", "DIR", "NAME=PATH")
"""Metavars of options whose text is a path, or a pattern of some."""
NAMED_PATHS = ("--binary",)
"""Options of a name and a path."""
MOST_OF_A_PATH = 160
"""characters of a path that are shown"""
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
UNBROKEN = "\u2011"
"""A hyphen behind which no line is broken, in place of each while click breaks them."""
ABOUT = "Prove with real traffic that a service's monitoring tells the truth."


class _Formatter(click.HelpFormatter):
    """Lines of help, broken between words alone: click breaks `set-up` behind its hyphen as well."""

    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", UNBROKEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        kept = [(first, second.replace("-", UNBROKEN)) for first, second in rows]
        super().write_dl(kept, col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(UNBROKEN, "-")


class _Context(click.Context):
    formatter_class = _Formatter


class _Grouped(click.Command):
    """A command whose options stand under the headings of the table."""

    context_class = _Context

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        try:
            return super().parse_args(context, words)
        except click.UsageError as error:
            error.ctx = error.ctx or context  # click's parser knows of no command
            raise

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        headings: dict[str, list[tuple[str, str]]] = {heading: [] for heading in (*GROUPS, "Other")}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
            if record is not None:
                headings[getattr(parameter, "heading", "Other")].append(record)
        for heading, records in headings.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=26)


class _Option(click.Option):
    """An option of the table; one that is given and empty is refused."""

    def __init__(self, option: Option, command: str) -> None:
        types = {"text": str, "path": click.Path(path_type=Path), "number": float, "flag": bool}
        declared: dict[str, Any] = {"help": option.described(command)}
        if option.kind == "flag":
            declared["is_flag"] = True
        else:
            declared["type"] = types[option.kind]
            declared["metavar"] = option.metavar or None
            declared["multiple"] = option.repeatable
            if not option.repeatable:
                declared["default"] = option.default_of(command)
        letter = [f"-{option.short}"] if option.short else []
        super().__init__([*letter, f"--{option.name}", option.key], **declared)
        self.heading = option.group

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        _refuse_empty(f"--{self.opts[-1].lstrip('-')}", opts.get(self.name or ""))
        return super().handle_parse_result(ctx, opts, args)


class _Argument(click.Argument):
    """An argument of the table; one that is given and empty is refused."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        _refuse_empty(self.make_metavar(ctx).strip("[]."), opts.get(self.name or ""))
        return super().handle_parse_result(ctx, opts, args)


def _refuse_empty(where: str, given: Any) -> None:
    """An empty path would be the working folder, which is not what a shell's unset variable means."""
    if "" in (given if isinstance(given, list | tuple) else (given,)):
        raise InputError(
            what="is empty",
            where=where,
            expected="a value",
            todo="give one, or leave it out; a variable of the shell that is not set is an empty word",
        )


class _NoSuchWord(click.UsageError):
    """An argument that takes one of a few words was given another one."""

    def __init__(self, noun: str, word: str, known: Sequence[str], context: click.Context | None) -> None:
        super().__init__(f"there is no {noun} {word}{meant(word, known)}", context)
        self.known = known


class _Word(click.Choice[str]):
    """One of a few words; any other one is refused with the nearest."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            noun = (param.name if param is not None else None) or "word"
            raise _NoSuchWord(noun, value, self.choices, ctx)
        return super().convert(value, param, ctx)


@dataclass(frozen=True)
class Chosen:
    """What a command line asks for."""

    command: Command
    given: dict[str, Any]

    def run(self) -> int:
        """Import the command's module and run it; the exit status.

        Raises:
            InputError: a path that is given can't even be looked at.
        """
        for where, path in self._paths():
            _look_at(where, path)
        module, _, function = self.command.place.partition(":")
        work = getattr(import_module(module), function)
        with terminate_as_interrupt() if self.command.unwinds else nullcontext():
            status: int = work(self.given)
        return status

    def _paths(self) -> Iterator[tuple[str, str]]:
        """The paths that are given, each with its option or argument."""
        named = {
            argument.name: argument.metavar for argument in self.command.arguments if not argument.choices
        }
        for option in options(self.command.name):
            if option.kind == "path" or option.metavar in PATHS:
                named[option.key] = f"--{option.name}"
        for key, where in named.items():
            given = self.given.get(key)
            for value in given if isinstance(given, list | tuple) else (given,):
                if value is not None:
                    yield where, str(value).partition("=")[2] if where in NAMED_PATHS else str(value)


def _look_at(where: str, path: str) -> None:
    """Refuse what no system call takes, or what is behind a folder that this user may not enter."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return  # who needs it says so; who writes it makes it
    except (OSError, ValueError) as error:  # a name of over 255 bytes, a loop of links
        raise InputError(
            what=f"{_shortened(path)}: {getattr(error, 'strerror', None) or error}",
            where=where,
            expected="a path that this user can reach",
            todo="correct it",
        ) from error


def _shortened(path: str) -> str:
    return (
        path
        if len(path) <= MOST_OF_A_PATH
        else f"{path[: MOST_OF_A_PATH // 2]}...{path[-MOST_OF_A_PATH // 2 :]}"
    )


class _Group(click.Group):
    """Commands in the order of their table, and not of the alphabet; each is made when it is asked for.

    All options of all commands take a tenth of a second to make, and a command line asks for one command.
    """

    context_class = _Context

    def __init__(self, *words: Any, **declared: Any) -> None:
        super().__init__(*words, **declared)
        self.makers: dict[str, Callable[[], click.Command]] = {}

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.makers)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.commands and name in self.makers:
            self.add_command(self.makers[name]())
        return super().get_command(context, name)

    def inner(self, word: str) -> _Group:
        """The group of commands that begin with this word."""
        if word not in self.commands:
            summary = GROUP_SUMMARIES[word]
            group = _Group(
                word, help=_sentence(summary), short_help=summary, epilog=STATUS, no_args_is_help=True
            )
            self.makers[word] = lambda: group
            self.add_command(group)
        found = self.commands[word]
        assert isinstance(found, _Group)
        return found


def program() -> click.Group:
    """The whole command line."""
    top = _Group(NAME, help=ABOUT, epilog=STATUS, context_settings=CONTEXT, no_args_is_help=True)
    top.params.append(
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_version,
            help="Show the version and exit.",
        )
    )
    for command in COMMANDS:
        group = top
        *outer, name = command.name.split()
        for word in outer:
            group = group.inner(word)
        group.makers[name] = partial(_command, command, name)
    return top


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _command(command: Command, name: str) -> click.Command:
    parameters: list[click.Parameter] = [_argument(argument) for argument in command.arguments]
    if command.rest:
        metavar = f"[{command.rest}]" if command.foreign else f"[-- {command.rest}]"
        parameters.append(click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED, metavar=metavar))
    parameters += [_Option(option, command.name) for option in options(command.name)]
    foreign = {"ignore_unknown_options": True, "help_option_names": ["--help"]} if command.foreign else {}
    return _Grouped(
        name,
        params=parameters,
        callback=lambda **given: Chosen(command, given),
        help="\n\n".join((_sentence(command.summary), *command.text)),
        short_help=command.summary,
        epilog=STATUS,
        context_settings=foreign,
    )


def _argument(argument: Argument) -> click.Argument:
    declared: dict[str, Any] = {"metavar": argument.metavar, "required": argument.required}
    if argument.many:
        declared["nargs"] = -1
    if argument.choices:
        declared["type"] = _Word(argument.choices)
    if argument.default is not None:
        declared["default"] = argument.default
    if argument.names:
        declared["shell_complete"] = lambda context, parameter, begun: _offered(argument.names, begun)
    return _Argument([argument.name], **declared)


def _offered(place: str, begun: str) -> list[CompletionItem]:
    """Names and files with this beginning; a folder that can't be read gives none: nobody would see a message."""
    module, _, function = place.partition(":")
    names: list[str] = []
    with suppress(Exception):
        names = getattr(import_module(module), function)()
    found = [CompletionItem(name) for name in names if name.startswith(begun)]
    return found or [CompletionItem(begun, type="file")]


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # takes a tenth of a second to import

    try:
        click.echo(f"{NAME} {version(NAME)}")
    except PackageNotFoundError:
        click.echo(f"{NAME}, from a checkout that is not installed")
    context.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, that of the process unless given; the exit status. No exception leaves it."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return guard(f"{NAME} {words[0]}" if words[:1] and words[0].isalpha() else NAME, lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    chosen = parse(words)
    return chosen if isinstance(chosen, int) else chosen.run()


def parse(words: Sequence[str]) -> Chosen | int:
    """The command and its values, or an exit status when nothing is left to run, after --help for example.

    Raises:
        InputError: a mistake on the command line.
    """
    try:
        # run outside: click would take a KeyboardInterrupt for a word to its user
        chosen: Chosen | int = program().main(list(words), prog_name=NAME, standalone_mode=False)
        return chosen
    except (
        SystemExit
    ) as error:  # click's own: to a reader of our output that has gone, and to a shell that completes
        if COMPLETING not in os.environ:
            raise BrokenPipeError from error
        return 0
    except NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.message, err=True)
        return InputError.exit_status
    except click.UsageError as error:
        raise _mistake(error) from error


def _mistake(error: click.UsageError) -> InputError:
    """A mistake on the command line in our words: what, where, and the nearest right word."""
    path = error.ctx.command_path if error.ctx is not None else NAME
    command = error.ctx.command if error.ctx is not None else None
    what, expected, todo = error.format_message(), "", f"{path} --help"
    if isinstance(error, click.NoSuchOption) and command is not None:
        known = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]
        what = f"there is no option {error.option_name}{meant(error.option_name, known)}"
        if any(parameter.name == "rest" for parameter in command.params):
            todo += "; pytest's own options stand after --"
    elif isinstance(error, click.NoSuchCommand) and isinstance(command, _Group):
        what = f"there is no command {error.command_name}{meant(error.command_name, command.makers)}"
    elif isinstance(error, click.MissingParameter) and isinstance(error.param, click.Argument):
        what = f"{error.param.metavar} is missing"
        expected = (
            f"one of {', '.join(choices)}" if (choices := getattr(error.param.type, "choices", ())) else ""
        )
    elif isinstance(error, _NoSuchWord):
        expected = f"one of {', '.join(error.known)}"
    return InputError(what=what, where=path, expected=expected, todo=todo)
