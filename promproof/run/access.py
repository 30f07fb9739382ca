"""How a run gets access to servers that run already: headers such as a bearer token or a tenant, and their own CA.

Basic authentication needs no header here: it is part of the URL, `https://user:password@host`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from promproof.config import usertext
from promproof.config.usertext import Mistake
from promproof.errors import InputError
from promproof.http import Access, let_in

PLACES = ("target", "prometheus", "alertmanager", "grafana")
METRICS = "metrics"
"""A target's metrics at an address of their own; they are shown what the target is shown."""


def let_in_to(urls: Mapping[str, str | None], headers: Iterable[str], ca: Path | None) -> list[str]:
    """Have every session show what the options say. urls: by place; returns the headers' values, which are secrets.

    Raises:
        InputError: a header of no place, of a place without a URL, or a file that can't be read.
    """
    told: dict[str, dict[str, str]] = {}
    for text in headers:
        place, name, value = _read(text)
        if urls.get(place) is None:
            raise InputError(
                what=f"a header is for {place}, but no URL of it is given",
                where="--header",
                expected=f"--{place} URL of one that runs already",
                todo="name it, or leave the header out",
            )
        told.setdefault(place, {})[name] = value
    if ca is not None:
        _check(ca)
    for place, url in urls.items():
        if url is not None:
            shown = told.get("target" if place == METRICS else place, {})
            access = Access(shown, str(ca) if ca is not None and url.startswith("https:") else None)
            let_in(url, access if access != Access() else None)
    return [value for given in told.values() for value in given.values()]


def _read(text: str) -> tuple[str, str, str]:
    """Place, name and value of a header; `@FILE` as its value is what the file holds."""
    place, equals, header = text.partition("=")
    name, colon, value = header.partition(":")
    value = value.strip()
    if place not in PLACES or not equals or not colon or not name.strip() or not value:
        raise InputError(
            what=f"{place or text.partition(':')[0]!r} begins no header",
            where="--header",
            expected="PLACE=NAME: VALUE, 'prometheus=X-Scope-OrgID: shop' say",
            todo=f"PLACE is one of {', '.join(PLACES)}; VALUE may be @FILE",
        )
    before, at, path = value.rpartition("@")
    if at and (not before or before.endswith(" ")):
        try:
            value = before + usertext.given(Path(path)).strip()
        except Mistake as mistake:
            raise InputError(what=mistake.text, where=f"--header, {path}", expected="a file") from mistake
    return place, name.strip(), value


def _check(ca: Path) -> None:
    try:
        ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            what=f"holds no certificate that can be read: {error}",
            where=str(ca),
            expected="a PEM file with the certificates to trust",
            todo="correct --ca-file",
        ) from error
