"""`promproof images --pin`: the digest of each image behind its tag, as the registry tells it.

A tag can be set anew by its publisher, a digest can't. Only what a registry has just answered is written; a file whose
images nobody vouches for stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import requests
from docker.errors import DockerException

from promproof.errors import EvidenceError
from promproof.stack import compose

FILES = ("Dockerfile", "monitoring/**/docker-compose*.yml", "monitoring/load/Dockerfile")
# A default in a compose file, ${VARIABLE:-IMAGE}, or of an argument in a Dockerfile, ARG NAME_IMAGE=IMAGE.
_DEFAULT = re.compile(
    r"(?P<before>:-|^ARG \w+=)(?P<image>[a-z0-9][\w./-]*:(?!local\b)\w[\w.-]*)(?P<digest>@sha256:[0-9a-f]{64})?",
    re.MULTILINE,
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Ask = Callable[[str], str]
"""The digest of an image; raises EvidenceError."""
Say = Callable[[str], None]


def files(repository: Path) -> list[Path]:
    """The files that name images."""
    return sorted({path for pattern in FILES for path in repository.glob(pattern)})


def images(text: str) -> list[str]:
    """The images that a file names by default, without their digests; those that are built here are left out."""
    return sorted({found["image"] for found in _DEFAULT.finditer(text) if _is_image(found["image"])})


def pinned(text: str, digests: dict[str, str]) -> str:
    """The text with these digests; other images stay as they are."""

    def replace(found: re.Match[str]) -> str:
        digest = digests.get(found["image"])
        return found[0] if digest is None else f"{found['before']}{found['image']}@{digest}"

    return _DEFAULT.sub(replace, text)


def pin(places: Iterable[Path], ask: Ask, say: Say) -> int:
    """Write the digests that `ask` knows; returns how many images got none.

    Raises:
        EvidenceError: a file can't be written.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in places}
    digests: dict[str, str] = {}
    unknown = 0
    for image in sorted({image for text in texts.values() for image in images(text)}):
        try:
            digests[image] = ask(image)
            say(f"{image}@{digests[image]}")
        except EvidenceError as error:
            unknown += 1
            say(f"{image}: not pinned, {error.state}")
    for path, text in texts.items():
        changed = pinned(text, digests)
        if changed != text:
            try:
                path.write_text(changed, encoding="utf-8")
            except OSError as error:
                raise EvidenceError(str(path), f"can't be written: {error.strerror}") from error
            say(f"written: {path}")
    if unknown:
        say(f"{unknown} of {unknown + len(digests)} images have no digest: no registry answered for them")
    return unknown


def ask_registry(image: str) -> str:
    """The digest of an image, asked through the engine, which knows how to reach registries.

    Raises:
        InputError: no engine answers. EvidenceError: the registry does not answer, or has no such image.
    """
    client = compose.engine(where="promproof images", todo="start one")
    try:
        digest = str(client.images.get_registry_data(image).id)
    except (DockerException, requests.RequestException) as error:
        reason = str(getattr(error, "explanation", None) or error)
        raise EvidenceError(image, f"the registry does not answer: {reason}") from error
    finally:
        client.close()
    if not _DIGEST.fullmatch(digest):
        raise EvidenceError(image, f"the registry answered {digest!r}, no digest")
    return digest


def _is_image(text: str) -> bool:
    """Not a user and group (65534:65534), which stands in the same place."""
    return not text.replace(":", "").isdecimal()
