"""What a run knows of secrets: those in its input, and the folder of its own where programs read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from promproof.config import envfile
from promproof.config.folder import Folder
from promproof.config.masking import Masker, of_environment, of_files, secrets_of
from promproof.config.yamlfile import load
from promproof.contract.model import Contract
from promproof.errors import InputError
from promproof.grafana.provisioning import provisioning_files
from promproof.places import REPOSITORY
from promproof.run.options import Options
from promproof.stack.journal import DIRECTORY_MARKER, Journal

PRIVATE = "private"
"""Below the run's folder; gone at the end, but for a stack that is kept up and reads it."""
STORES = ("stack/prometheus", "stack/alertmanager")
"""Of the programs, below the run's folder: no text."""
HISTORY = "history.jsonl"
"""Masked as it is written."""

Say = Callable[[str], None]


def masker_of(options: Options, contract: Contract, monitoring: Folder, scenarios: list[Path]) -> Masker:
    """Knows the secrets of the options, the environment, the contract and the monitoring folder."""
    deployment = contract.deployment
    account = deployment.account if deployment is not None else None
    masker = Masker(of_environment(), public=[account.user, account.password] if account is not None else [])
    documents: list[tuple[Any, Path]] = [(monitoring.prometheus.data, monitoring.prometheus.path)]
    if monitoring.alertmanager is not None:
        documents.append((monitoring.alertmanager.data, monitoring.alertmanager.path))
    for path in [*provisioning_files(monitoring.root), *scenarios]:
        with suppress(InputError):  # who needs the file says what is wrong with it
            documents.append((load(path, "a file").data, path))
    for data, path in documents:
        masker.learn(secrets_of(data))
        masker.learn(of_files(data, path.parent))
    app = options.target.app or contract.target.app or ""
    words = [
        app.split(),
        options.target.url,
        options.target.metrics,
        options.stack.prometheus,
        options.stack.alertmanager,
        options.stack.grafana,
        options.target.database,
    ]
    variables = (
        envfile.read(REPOSITORY / contract.target.env_file, "target.env_file")
        if contract.target.env_file
        else {}
    )
    given = [words, {"token": options.target.fault_token}, variables, contract.model_dump(mode="json")]
    masker.learn(secrets_of(given))
    return masker


@contextmanager
def private_folder(
    folder: Path, journal: Journal, masker: Masker, keep: Callable[[], bool], say: Say
) -> Iterator[Path]:
    """A folder that only this user can enter, for what holds secrets; at the end a masked copy of it stays."""
    private = journal.directory(folder / PRIVATE, mode=0o700)
    try:
        yield private
    finally:
        publish(private, folder, masker)
        if keep():
            say(f"kept with the stack: {private}, with its secrets")
        else:
            shutil.rmtree(private, ignore_errors=True)


def publish(private: Path, folder: Path, masker: Masker) -> None:
    """Copy what a private folder holds into the run's folder, masked; what was copied before is replaced."""
    for path in sorted(private.rglob("*")):
        if path.is_file() and path.name != DIRECTORY_MARKER:
            masker.file(path, folder / path.relative_to(private))


def restrict(folder: Path, readers: bool) -> None:
    """Set the modes of files that programs read. readers: users of containers, who meet only what is mounted."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755 if readers else 0o700)
        else:
            path.chmod(0o644 if readers else 0o600)
