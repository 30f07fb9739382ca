"""Notifications of an Alertmanager that runs already, which is told to send them to an address of this run.

Its own configuration says when each is due; the file in the monitoring folder may be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from promproof.config.shapes import AlertmanagerFile
from promproof.config.urls import host_and_port
from promproof.contract.model import Contract
from promproof.errors import InputError
from promproof.evidence import records
from promproof.evidence.history import Recorder
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.webhook import EVERYWHERE, Receiver
from promproof.run.options import StackOptions

OPTION = "--receiver"
Say = Callable[[str], None]


def check(stack: StackOptions) -> None:
    """Refuse an address that can't be one to listen at, and one that nobody is asked about.

    Raises:
        InputError: with what is expected.
    """
    if stack.receiver is None:
        return
    if stack.prometheus is None or stack.alertmanager is None:
        raise InputError(
            what=f"{OPTION} is for notifications of a stack that runs already",
            where=OPTION,
            expected="--prometheus URL and --alertmanager URL with it: that one's routes say when each is due",
            todo="add them, or leave it out: a stack that the run starts is told its receivers",
        )
    host, _ = host_and_port(stack.receiver, OPTION)
    if host in EVERYWHERE:
        raise InputError(
            what=f"{stack.receiver!r} is every address of this machine",
            where=OPTION,
            expected="the one at which Alertmanager reaches it",
            todo="name that one",
        )


def loaded(stack: StackOptions) -> Mapping[str, Any] | None:
    """What the Alertmanager has loaded that notifies this run; None where none does.

    Raises:
        EvidenceError: it does not answer.
    """
    if stack.receiver is None or stack.alertmanager is None:
        return None
    alertmanager = Alertmanager(stack.alertmanager)
    try:
        return alertmanager.configuration()
    finally:
        alertmanager.close()


def listen(
    stack: StackOptions,
    contract: Contract,
    configuration: Mapping[str, Any] | None,
    receiver: Receiver,
    history: Recorder,
    say: Say,
) -> None:
    """Listen where the options say, and tell how the receivers of the contract are routed there.

    Raises:
        InputError: the address is none of this machine's, or another program has it.
    """
    if stack.receiver is None or configuration is None:
        return
    host, port = host_and_port(stack.receiver, OPTION)
    try:
        receiver.listen(host, port)
    except OSError as error:
        raise InputError(
            what=f"{stack.receiver} can't be listened at: {error.strerror or error}",
            where=OPTION,
            expected="a free port at an address of this machine",
            todo="name another one",
        ) from error
    url = f"http://{f'[{host}]' if ':' in host else host}:{receiver.port}/"
    led = leading_to(configuration, receiver.port)
    history.add(records.Listening(url, led))
    names = dict.fromkeys(name for alert in contract.alerts for name in alert.receivers)

    def stranger(name: str) -> None:
        history.add(records.Stranger(name))

    receiver.take_from(names, stranger)
    say(
        f"notifications are awaited at {url}, of {', '.join(names) or 'no receiver: the contract names none'}"
    )
    missing = [name for name in names if name not in led]
    if missing:
        say(f"  each of them needs it in Alertmanager's file: webhook_configs: [{{url: '{url}'}}]")


def leading_to(configuration: Mapping[str, Any], port: int) -> tuple[str, ...]:
    """Receivers with a webhook at this port that tells of both ends; a newer Alertmanager hides the URLs: then none."""
    shape = AlertmanagerFile.model_validate(configuration)
    return tuple(
        receiver.name
        for receiver in shape.receivers or ()
        if any(
            _port(hook.url or "") == port and hook.send_resolved is not False
            for hook in receiver.webhook_configs or ()
        )
    )


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
