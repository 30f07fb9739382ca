"""How a run gets access to servers that run already: headers such as a bearer token or a tenant, and their own CA.

Basic authentication needs no header here: it is part of the URL, `https://user:password@host`.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

import requests

from promproof.config import usertext
from promproof.config.urls import without_password
from promproof.config.usertext import Mistake
from promproof.errors import InputError
from promproof.http import Access, Session, let_in, let_in_started, shown

ASKED = {
    "target": "/",
    "prometheus": "/api/v1/status/buildinfo",
    "alertmanager": "/api/v2/status",
    "grafana": "/api/org",
}
"""What is asked of each to see whether it lets this program in."""
ASKED_SECONDS = 5.0
_UNTRUSTED = re.compile(r"certificate verify failed: ([^('\"]*[^('\" ])")
_FAILS = re.compile(r"\[SSL[^\]]*\] ([^('\"]*[^('\" ])")
PLACES = ("target", "prometheus", "alertmanager", "grafana")
TARGET = "target"
METRICS = "metrics"
"""A target's metrics at an address of their own; they are shown what the target is shown."""


def let_in_to(
    urls: Mapping[str, str | None], headers: Iterable[str], ca: Path | None, starts: bool = False
) -> list[str]:
    """Have every session show what the options say. urls: by place; returns the headers' values, which are secrets.

    starts: whether the target is started here, where it has no URL: it is shown its headers as well.

    Raises:
        InputError: a header of no place, of a place without a URL, or a file that can't be read.
    """
    told: dict[str, dict[str, str]] = {}
    for text in headers:
        place, name, value = _read(text)
        if urls.get(place) is None and not (starts and place == TARGET):
            raise InputError(
                what=f"a header is for {place}, but no URL of it is given",
                where="--header",
                expected=f"--{place} URL of one that runs already",
                todo="name it, or leave the header out",
            )
        told.setdefault(place, {})[name] = value
    if ca is not None:
        _check(ca)
    is_started = starts and urls.get(TARGET) is None and TARGET in told
    let_in_started(Access(told[TARGET]) if is_started else None)
    for place, url in urls.items():
        if url is not None:
            shown = told.get(TARGET if place == METRICS else place, {})
            access = Access(shown, str(ca) if ca is not None and url.startswith("https:") else None)
            let_in(url, access if access != Access() else None)
    return [value for given in told.values() for value in given.values()]


def refuse_closed(urls: Mapping[str, str | None]) -> None:
    """Refuse a server that lets this program in only with something that it was not shown. urls: by place.

    What does not answer at all, or answers anything else, is told by those who need its answers. A target may ask for
    credentials at some of its paths: of it only the certificate is looked at.

    Raises:
        InputError: its certificate is not trusted, or it answers 401 or 403.
    """
    for place, url in urls.items():
        if url is not None and place in ASKED and (place != "target" or url.startswith("https:")):
            _refuse_closed(place, url)


def _refuse_closed(place: str, url: str) -> None:
    try:
        with Session(ASKED_SECONDS) as session:
            answer = session.get(url.rstrip("/") + ASKED[place], allow_redirects=False)
    except requests.exceptions.SSLError as error:
        raise untrusted(place, url, error) from error
    except requests.RequestException:
        return
    if place != "target" and answer.status_code in (401, 403):
        said = f" {shown(answer.text)}" if answer.text.strip() else ""
        raise InputError(
            what=f"{place} does not let this program in: it answers {answer.status_code}{said}",
            where=without_password(url),
            expected="what it asks for: a token, a tenant, a password",
            todo=f"--header '{place}=NAME: VALUE', X-Scope-OrgID say; a password stands in the URL",
        )


def untrusted(place: str, url: str, error: requests.exceptions.SSLError) -> InputError:
    """That TLS with a server fails, and why."""
    found = _UNTRUSTED.search(str(error))
    if found is not None:
        return InputError(
            what=f"the certificate of the {place} is not trusted: {found[1]}",
            where=without_password(url),
            expected="a certificate of an authority that is known here",
            todo="--ca-file FILE, the certificates to trust in PEM",
        )
    fails = _FAILS.search(str(error))
    return InputError(
        what=f"no TLS with the {place} is possible: {fails[1] if fails else shown(error)}",
        where=without_password(url),
        expected="a server that speaks TLS at https://",
        todo="correct the URL: http://, or its port",
    )


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
