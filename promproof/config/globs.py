"""Which files a pattern of a configuration matches, as Prometheus and Alertmanager take it."""

import glob
import os
from pathlib import Path

# Where the official images keep their configuration: a path below it means the folder of the file at hand.
PROMETHEUS_HOME = "/etc/prometheus/"
ALERTMANAGER_HOME = "/etc/alertmanager/"


def matching_files(base: Path, pattern: str, home: str = PROMETHEUS_HOME) -> tuple[Path, ...]:
    """The files that a pattern of a configuration in the folder `base` matches, sorted."""
    return _glob(resolved(glob.escape(str(base)), pattern, home))


def resolved(base: str, pattern: str, home: str) -> str:
    """A path or pattern from the root of this machine.

    One below `home` that matches nothing here means the folder `base`, which an image would have there.
    """
    if not os.path.isabs(pattern):
        return os.path.join(base, pattern)
    if pattern.startswith(home) and not _glob(pattern):
        return os.path.join(base, pattern.removeprefix(home))
    return pattern


def _glob(pattern: str) -> tuple[Path, ...]:
    # As Go's filepath.Glob does, `*` matches names that begin with a dot too.
    names = sorted(glob.glob(pattern, include_hidden=True))
    return tuple(Path(os.path.normpath(name)) for name in names if os.path.isfile(name))
