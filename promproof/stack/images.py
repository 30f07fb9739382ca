"""Builds the images of the container tests locally, without an image registry: Debian's packages on a Debian base.

The package mirror, apt's settings and pip's certificates are the machine's own, read when it is built and written
to no file of this repository. An image that is there already is kept: its tag carries a hash of what it is made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import EvidenceError, InputError
from promproof.places import REPOSITORY
from promproof.stack.children import log_tail, run_to_end

RECIPES = REPOSITORY / "monitoring" / "images"
SUITE = "forky"
PREFIX = "monitoring-harness"
_CERTIFICATES = "usr/local/share/machine-certificates.crt"
_SOURCES = ("/etc/apt/sources.list.d", "/etc/apt/sources.list")
_APT_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
_PIP_SETTINGS = ("PIP_INDEX_URL", "PIP_TRUSTED_HOST")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_TAIL = 20
_BUILD_SECONDS = 3600.0
_ANSWER_SECONDS = 60

VARIABLES = {
    "PROMETHEUS_IMAGE": "prometheus",
    "ALERTMANAGER_IMAGE": "alertmanager",
    "NODE_EXPORTER_IMAGE": "node-exporter",
    "API_IMAGE": "promptpilot",
    "PROXY_IMAGE": "proxy",
    "STORE_IMAGE": "store",
}
"""Variables of the compose file and the local image that stands for each."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """An image: its name, its build folder, and the image it starts from with the argument that says so."""

    name: str
    context: Path
    base: str
    argument: str
    ingredients: tuple[Path, ...]


def recipes() -> list[Recipe]:
    """All images in the order of their making, the base first; none where PromptPilot's repository is not."""
    if not RECIPES.is_dir() or not (REPOSITORY / "promptpilot").is_dir():
        return []
    made = [
        Recipe(name, RECIPES / name, "base", "BASE", (RECIPES / name / "Dockerfile",))
        for name in ("prometheus", "alertmanager", "node-exporter", "proxy", "store", "python")
    ]
    sources = sorted((REPOSITORY / "promptpilot").rglob("*.py"))
    locks = sorted((REPOSITORY / "promptpilot").glob("requirements.*"))
    api = (REPOSITORY / "Dockerfile", *locks, *sources)
    return [*made, Recipe("promptpilot", REPOSITORY, "python", "PYTHON_IMAGE", api)]


def tags() -> dict[str, str]:
    """The tag of each local image by name; another content of its recipe gives another tag."""
    found = {"base": f"{PREFIX}/base:{SUITE}"}
    for recipe in recipes():
        digest = hashlib.sha256(found[recipe.base].encode())
        for path in recipe.ingredients:
            digest.update(path.read_bytes())
        found[recipe.name] = f"{PREFIX}/{recipe.name}:{digest.hexdigest()[:12]}"
    return found


def without_a_registry() -> str:
    """What somebody can do whose engine reaches none."""
    named = f"name images that the engine has ({next(iter(VARIABLES))}=...)"
    return f"promproof images builds them; or {named}" if recipes() else f"{named}, or give it a registry"


def local_images() -> dict[str, str]:
    """Variables of the compose file for the local images that exist; the user's own setting comes first."""
    made = tags()
    chosen = {variable: os.environ.get(variable, "") for variable in VARIABLES}
    return {
        variable: chosen[variable] or made[name]
        for variable, name in VARIABLES.items()
        if chosen[variable] or (name in made and exists(made[name]))
    }


def build(say: Say) -> dict[str, str]:
    """Build what is missing; returns the tags by name.

    Raises:
        InputError: a program is missing, or the base can't be built by this user.
        EvidenceError: a build failed; with its last lines.
    """
    if not recipes():
        raise InputError(
            what="no recipes of images are there",
            where=str(RECIPES),
            expected="the repository of promproof, whose images these are, as the working folder",
            todo=f"elsewhere name images that the engine has ({', '.join(VARIABLES)}), or let it reach a registry",
        )
    _need("docker", "install a container engine, Debian's docker.io for example")
    made = tags()
    if not exists(made["base"]):
        say(f"building {made['base']} with debootstrap")
        _build_base(made["base"])
    for recipe in recipes():
        if exists(made[recipe.name]):
            say(f"{made[recipe.name]} is there")
            continue
        say(f"building {made[recipe.name]}")
        _run(
            ["docker", "build", "--force-rm", "--label", f"{PREFIX}=image", "-t", made[recipe.name]]
            + _argument(recipe.argument, made[recipe.base])
            + (_pip_arguments() if recipe.name == "python" else [])
            + _proxy_arguments()
            + [str(recipe.context)],
            recipe.name,
        )
    return made


def exists(image: str) -> bool:
    """Whether the engine has an image."""
    command = ["docker", "image", "inspect", image]
    try:
        return subprocess.run(command, capture_output=True, timeout=_ANSWER_SECONDS).returncode == 0
    except subprocess.TimeoutExpired as error:
        raise EvidenceError(
            "container engine",
            f"no answer to {' '.join(command)} within {_ANSWER_SECONDS} s",
            (),
            "look at its log",
        ) from error


def mirror(sources: str) -> str | None:
    """The first mirror that a text of apt's names, in either of its two formats."""
    for line in sources.splitlines():
        words = [word for word in line.split() if not word.startswith("[") and not word.endswith("]")]
        if len(words) > 1 and words[0] in ("URIs:", "deb") and words[1].startswith(("http://", "https://")):
            return words[1]
    return None


def _build_base(tag: str) -> None:
    _need("debootstrap", "install Debian's debootstrap")
    if os.geteuid() != 0:
        raise InputError(
            what="debootstrap needs root", where="promproof images", expected="root", todo="run it as root"
        )
    found = mirror(_apt_sources())
    if found is None:
        raise InputError(
            what="no package mirror is configured",
            where="/etc/apt",
            expected="a deb source",
            todo="configure apt",
        )
    scripts = Path("/usr/share/debootstrap/scripts")
    # Every suite of Debian is installed alike; an older debootstrap does not know the newer names.
    script = scripts / (SUITE if (scripts / SUITE).exists() else "sid")
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        root = Path(folder) / "root"
        options = ["--variant=minbase", "--include=ca-certificates"]
        try:
            _run(["debootstrap", *options, SUITE, str(root), found, str(script)], "base")
        finally:
            _unmount(root)
        (root / "etc/apt/apt.conf.d/99machine").write_text(_apt_settings())
        certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
        if certificates and Path(certificates).is_file():
            shutil.copy(certificates, root / _CERTIFICATES)
        archive = Path(folder) / "root.tar"
        _run(["tar", "-C", str(root), "-cf", str(archive), "."], "base")
        _run(["docker", "import", "--change", f"LABEL {PREFIX}=image", str(archive), tag], "base")


def _apt_sources() -> str:
    texts = []
    for place in map(Path, _SOURCES):
        files = sorted(place.iterdir()) if place.is_dir() else [place]
        texts += [
            file.read_text() for file in files if file.is_file() and file.suffix in (".sources", ".list")
        ]
    return "\n".join(texts)


def _apt_settings() -> str:
    command = ["apt-config", "dump", "--format", '%f "%v";%n', *_APT_SETTINGS]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_ANSWER_SECONDS).stdout


def _pip_arguments() -> list[str]:
    """What pip is told here, as far as a container can use it: folders of this machine are none of its."""
    settings = {name: os.environ[name] for name in _PIP_SETTINGS if os.environ.get(name)}
    if os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"):
        settings["PIP_CERT"] = f"/{_CERTIFICATES}"
    return [word for name, value in settings.items() for word in _argument(name, value)]


def _proxy_arguments() -> list[str]:
    return [word for name in _PROXIES if name in os.environ for word in ("--build-arg", name)]


def _argument(name: str, value: str) -> list[str]:
    return ["--build-arg", f"{name}={value}"]


def _need(program: str, todo: str) -> None:
    if shutil.which(program) is None:
        raise InputError(
            what=f"{program} is not installed",
            where="promproof images",
            expected=f"{program} on PATH",
            todo=todo,
        )


def _run(command: list[str], name: str) -> None:
    environment = {"DOCKER_BUILDKIT": "0"}  # the build that every engine has
    with tempfile.TemporaryDirectory(prefix="log-") as folder:
        log = Path(folder) / "log"
        try:
            done = run_to_end(command, log=log, seconds=_BUILD_SECONDS, env=environment)
        except TimeoutError as error:
            raise EvidenceError(f"image {name}", f"{command[0]}: {error}", log_tail(log, _TAIL)) from error
        if done.exit_status:
            tail = log_tail(log, _TAIL)
            raise EvidenceError(f"image {name}", f"{command[0]} ended with status {done.exit_status}", tail)


def _unmount(root: Path) -> None:
    """What debootstrap mounts in a root stays there when it is ended half-way."""
    for place in ("proc/sys/fs/binfmt_misc", "proc", "sys", "dev/pts"):
        if os.path.ismount(root / place):
            subprocess.run(["umount", "--lazy", root / place], check=False, timeout=_ANSWER_SECONDS)
