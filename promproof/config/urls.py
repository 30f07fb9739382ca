"""One reading of every URL that a user gives: a typo is told before anything is started, not by what it breaks."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from promproof.errors import InputError

EXPECTED = "http://HOST:PORT or https://HOST:PORT, with a path if need be"
PORTS = "a port from 1 to 65535"
_NAME = re.compile(r"[^\W-]([\w.-]*\w)?\.?")


def base_url(text: str, where: str) -> str:
    """A base URL without a slash at its end. where: the option or the key, for the message.

    Raises:
        InputError: no scheme but http and https, no host, a port that is none, white space, a query or a fragment.
    """
    if problem := _problem(text):
        raise InputError(
            what=f"{without_password(text)!r} is no usable URL: {problem}",
            where=where,
            expected=EXPECTED,
            todo="correct it",
        )
    return text.rstrip("/")


def host_and_port(
    text: str, where: str, *, host: str = "127.0.0.1", port: int | None = None
) -> tuple[str, int]:
    """An address to listen at. host, port: what holds when the text leaves one out; no port: it must be named.

    Raises:
        InputError: the host is none, or the port.
    """
    before, colon, after = text.rpartition(":") if port is None or ":" in text else (text, "", "")
    name = before.removeprefix("[").removesuffix("]") or host
    number = port if not colon and port is not None else _port(after)
    if number is None:
        raise InputError(
            what=f"{text!r}: {after!r} is no port", where=where, expected=PORTS, todo="correct it"
        )
    if not _is_host(name):
        raise InputError(
            what=f"{text!r}: {name!r} is no host",
            where=where,
            expected="a name or an address of this machine",
            todo="correct it",
        )
    return name, number


def _problem(text: str) -> str:
    """What is wrong with a URL; empty for nothing."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return "it has white space or control characters"
    if not text.startswith(("http://", "https://")):
        return "it begins with neither http:// nor https://"
    try:
        parts = urlsplit(text)
        name = parts.hostname
    except ValueError as error:  # brackets that do not match, or around no address
        return str(error)
    if not name:
        return "it has no host"
    if not _is_host(name):
        return f"{name!r} is no host"
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        return "it has a query or a fragment"
    after = parts.netloc.rpartition("@")[2].removeprefix("[").rpartition("]")[2]
    given = after.partition(":")[2] if ":" in after else None
    if given is not None and _port(given) is None:
        return f"{given!r} is no port, which is a number from 1 to 65535"
    return ""


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return number if 1 <= (number := int(text)) <= 65535 else None


def _is_host(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        numbers_only = re.fullmatch(r"[0-9.]+", name) is not None  # 127.0.0.300
        return len(name) <= 253 and not numbers_only and _NAME.fullmatch(name) is not None
    return True


def without_password(text: str) -> str:
    """A URL, or what should be one, with dots for the name and password in it."""
    return re.sub(r"//[^/@]*@", "//...@", text)
