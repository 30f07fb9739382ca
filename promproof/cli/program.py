"""The program `promproof`: click commands made from the tables of commands and options.

click parses, completes and wraps; what is ours is that a command's module is imported only when it is run, that options
stand under headings, and that every mistake ends with 4.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from promproof.cli.commands import COMMANDS, STATUS, Argument, Command
from promproof.crash import guard
from promproof.errors import InputError
from promproof.optiontable import GROUPS, Option, options

NAME = "promproof"
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
ABOUT = "Prove with real traffic that a service's monitoring tells the truth."
GROUP_TEXTS = {"scenarios": "Look at scenarios, traffic as data."}
MOST_SIMILAR = 3


class _Grouped(click.Command):
    """A command whose options stand under the headings of the table."""

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
    """An option of the table."""

    def __init__(self, option: Option, command: str) -> None:
        types = {"text": str, "path": click.Path(path_type=Path), "number": float, "flag": bool}
        declared: dict[str, Any] = {"help": option.described(command)}
        if option.kind == "flag":
            declared["is_flag"] = True
        else:
            declared["type"] = click.Choice(option.choices) if option.choices else types[option.kind]
            declared["metavar"] = option.metavar or None
            declared["multiple"] = option.repeatable
            if not option.repeatable:
                declared["default"] = option.default_of(command)
        super().__init__([f"--{option.name}", option.key], **declared)
        self.heading = option.group


class _Group(click.Group):
    """Commands in the order of their table, and not of the alphabet."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)


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
        group: click.Group = top
        *outer, name = command.name.split()
        for word in outer:
            inner = group.commands.get(word) or _Group(
                word, help=GROUP_TEXTS[word], epilog=STATUS, no_args_is_help=True
            )
            assert isinstance(inner, click.Group)
            group.add_command(inner)
            group = inner
        group.add_command(_command(command, name))
    return top


def _command(command: Command, name: str) -> click.Command:
    parameters: list[click.Parameter] = [_argument(argument) for argument in command.arguments]
    if command.rest:
        parameters.append(
            click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED, metavar=f"[-- {command.rest}]")
        )
    parameters += [_Option(option, command.name) for option in options(command.name)]

    def run(**given: Any) -> int:
        status: int = import_module(command.module).run(given)
        return status

    text = "\n\n".join((f"{command.summary}.".capitalize(), *command.text))
    return _Grouped(
        name, params=parameters, callback=run, help=text, short_help=command.summary, epilog=STATUS
    )


def _argument(argument: Argument) -> click.Argument:
    return click.Argument(
        [argument.name],
        metavar=argument.metavar,
        required=argument.required,
        nargs=-1 if argument.many else 1,
        default=argument.default,
        type=click.Choice(argument.choices) if argument.choices else str,
    )


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    try:
        click.echo(f"{NAME} {version(NAME)}")
    except PackageNotFoundError:
        click.echo(f"{NAME}, from a checkout that is not installed")
    context.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, that of the process unless given; the exit status. No exception leaves it."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return guard(f"{NAME} {words[0]}" if words and words[0][:1].isalpha() else NAME, lambda: _run(words))


def _run(words: list[str]) -> int:
    try:
        status = program().main(words, prog_name=NAME, standalone_mode=False)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.message, err=True)
        return InputError.exit_status
    except click.UsageError as error:
        raise _mistake(error) from error
    return status if isinstance(status, int) else 0


def _mistake(error: click.UsageError) -> InputError:
    """A mistake on the command line in our words: what, where, and what is meant perhaps."""
    path = error.ctx.command_path if error.ctx is not None else NAME
    near: list[str] = []
    what = error.format_message()
    if isinstance(error, click.NoSuchOption):
        what = f"there is no option {error.option_name}"
        near = list(error.possibilities or ())
    elif isinstance(error, click.NoSuchCommand):
        what = f"there is no command {error.command_name}"
        near = list(error.possibilities or ())
    if near:
        what += f"; did you mean {' or '.join(near[:MOST_SIMILAR])}?"
    return InputError(what=what, where=path, todo=f"{path} --help")
