"""Whether each service of a compose file has its image here: local, pulled now, or not to be had.

A machine behind a wall has the images of `promproof images`; one with a registry pulls what the file names. What is
asked for explicitly may take its time; `auto` gives a registry a short one and then goes on without containers.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from docker.errors import APIError, DockerException, ImageNotFound

from promproof.config.yamlfile import load
from promproof.errors import EvidenceError
from promproof.stack import compose
from promproof.stack.images import local_images, recipes

Say = Callable[[str], None]
SHORT_SECONDS = 20.0
LONG_SECONDS = 300.0
_CONFIG_SECONDS = 60.0


@dataclass(frozen=True)
class Supply:
    """Images by service, and for each service without one the reason."""

    images: Mapping[str, str]
    missing: Mapping[str, str]

    def has(self, service: str) -> bool:
        """Whether the service can be brought up."""
        return service in self.images


def resolve(
    file: Path,
    *overrides: Path,
    profiles: Iterable[str] = ("*",),
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A compose file, with others on top, as Compose reads it; with the local images and all profiles by default.

    Raises:
        EvidenceError: Compose refuses the file; with its own words. Or it does not answer, or not with JSON.
        InputError: Compose is not installed, or a file is no YAML within the bounds.
    """
    for path in (file, *overrides):
        load(path, "a compose file")  # Compose would wait for a pipe, and expand an alias bomb for ever
    with tempfile.TemporaryDirectory(prefix="compose-") as folder:
        env_file = Path(folder) / "variables.env"
        values = local_images() if variables is None else variables
        env_file.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")
        project = compose.Project("verify-config", [file.absolute(), *overrides], env_file, profiles)
        text = project.run("config", "--format", "json", seconds=_CONFIG_SECONDS)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise EvidenceError("compose config", f"its answer is no JSON: {error}", text.splitlines()) from error
    return {**found, "services": found.get("services") or {}}


def supply(
    client: Any,
    file: Path,
    services: Iterable[str],
    seconds: float,
    say: Say,
    *,
    build: bool = True,
    overrides: Iterable[Path] = (),
) -> Supply:
    """Find or fetch the image of each service that the file has; `seconds` for all pulls together.

    build: whether an image that the file builds may be built now.

    Raises:
        EvidenceError: Compose refuses the file.
    """
    known = resolve(file, *overrides)["services"]
    deadline = time.monotonic() + seconds
    images: dict[str, str] = {}
    missing: dict[str, str] = {}
    for service in services:
        if service not in known:
            missing[service] = f"{file.name} has no service {service}"
            continue
        image = str(known[service].get("image", ""))
        if not _is_here(client, image):
            reason = (
                _build(file, service, image, say, allowed=build)
                if "build" in known[service]
                else _pull(client, image, deadline, say)
            )
            if reason:
                missing[service] = f"the image {image} is not here: {reason}"
                continue
        images[service] = image
    return Supply(images, missing)


def _is_here(client: Any, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    except APIError:
        return False
    return True


def _pull(client: Any, image: str, deadline: float, say: Say) -> str:
    """Pull an image; returns why it could not be had, empty for nothing."""
    if time.monotonic() >= deadline:
        return "no time was left to pull it"
    said = ""
    try:
        with suppress(StopIteration):
            progress = client.api.pull(image, stream=True, decode=True)
            say(f"pulling {image}")
            for event in progress:
                said = str(event.get("error") or said)
                if time.monotonic() >= deadline:
                    progress.close()
                    return "the registry took too long"
    except (DockerException, requests.RequestException) as error:
        return str(getattr(error, "explanation", None) or error)
    return said


def _build(file: Path, service: str, image: str, say: Say, *, allowed: bool) -> str:
    if not allowed:
        return (
            "it has to be built: promproof images, or docker compose build"
            if recipes()
            else "it has to be built"
        )
    say(f"building {image}")
    with tempfile.TemporaryDirectory(prefix="compose-") as folder:
        env_file = Path(folder) / "variables.env"
        env_file.touch()
        try:
            compose.Project("verify-config", [file.absolute()], env_file, ["*"]).run("build", service)
        except EvidenceError as error:
            return error.log[-1] if error.log else error.state
    return ""
