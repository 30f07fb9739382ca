"""The line for another suite of Debian, at the mirror that this machine uses already.

No mirror is named here: its address and its key are those of the machine's own sources, in either form that apt reads
(`man sources.list`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError

APT = Path("/etc/apt")
RELEASE = Path("/etc/os-release")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's own, of every Debian; taken where a source names none."""
_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")


@dataclass(frozen=True)
class Source:
    """One archive of binary packages. signed_by: a file, or empty."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


def line_for(suite: str, apt: Path = APT, release: Path = RELEASE) -> str:
    """A line of sources.list for a suite of the archive that this Debian comes from.

    Raises:
        InputError: it is no Debian, or none of its sources is Debian's archive.
    """
    system = _release(release)
    if system.get("ID") != "debian":
        raise InputError(what=f"this is {system.get('ID') or 'a system without a name'}, not Debian")
    own = system.get("VERSION_CODENAME", "")
    source = next((found for found in sources(apt) if _is_archive(found, own)), None)
    if source is None:
        raise InputError(what=f"no source of apt in {apt} is the archive of Debian {own}".rstrip())
    key = source.signed_by or (str(KEYRING) if KEYRING.is_file() else "")
    return f"deb {f'[signed-by={key}] ' if key else ''}{source.uri} {suite} main"


def sources(apt: Path = APT) -> Iterator[Source]:
    """The machine's sources of binary packages, in the order of their files."""
    for file in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if file.suffix == ".list":
            yield from _of_lines(text)
        elif file.suffix == ".sources":
            yield from _of_stanzas(text)


def _is_archive(source: Source, own: str) -> bool:
    """Whether it is Debian's: others call their suites by Debian's names too, and have no updates of them."""
    is_main = "main" in source.components and not source.uri.startswith("cdrom:")
    is_debian = source.uri.rstrip("/").endswith("/debian") or f"{own}-updates" in source.suites
    return bool(own) and is_main and is_debian and own in source.suites


def _release(file: Path) -> Mapping[str, str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _of_lines(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        match = _LINE.match(line.partition("#")[0].strip())
        if match is not None:
            options = dict(part.partition("=")[::2] for part in (match["options"] or "").split())
            key = options.get("signed-by", "")
            yield Source(match["uri"], (match["suite"],), tuple(match["components"].split()), key)


def _of_stanzas(text: str) -> Iterator[Source]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        joined = re.sub(r"\n[ \t]+", " ", stanza)
        fields = {key.strip().lower(): value.strip() for key, _, value in _fields(joined)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        key = fields.get("signed-by", "")
        for uri in fields.get("uris", "").split():
            suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
            # a key may also be written out in the file itself
            yield Source(uri, tuple(suites), tuple(components), key if key.startswith("/") else "")


def _fields(stanza: str) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in stanza.splitlines() if ":" in line)
