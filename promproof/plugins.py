"""Kinds from outside the library: Python files of the folders in PROMPROOF_PLUGINS, and installed entry points.

A plugin registers its checks, faults, outputs and so on when it is imported. The folders are in the environment, so
that processes that a run starts load the same plugins. A plugin that crashes is the user's mistake: it is told with
its file and line, and nothing is started.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from promproof.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

VARIABLE = "PROMPROOF_PLUGINS"
"""Folders, separated as in PATH."""
GROUP = "promproof.plugins"
"""Of entry points: each names a module."""
_loaded: set[str] = set()


def use(folders: Iterable[Path]) -> None:
    """Load the plugins of these folders and of those in the environment, here and in processes started from now on.

    Raises:
        InputError: a folder is not there, or a plugin crashed.
    """
    known = [text for text in os.environ.get(VARIABLE, "").split(os.pathsep) if text]
    wanted = [str(folder.resolve()) for folder in folders]
    if wanted:
        os.environ[VARIABLE] = os.pathsep.join(dict.fromkeys([*known, *wanted]))
    load()


def load() -> None:
    """Load the plugins that are not loaded yet.

    Raises:
        InputError: a folder is not there, or a plugin crashed.
    """
    for text in os.environ.get(VARIABLE, "").split(os.pathsep):
        if text and text not in _loaded:
            _loaded.add(text)  # before the import: a plugin may ask a registry
            try:
                _load_folder(Path(text))
            except BaseException:
                _loaded.discard(text)
                raise
    if GROUP not in _loaded:
        _loaded.add(GROUP)
        for entry in _entries():
            try:
                entry.load()
            except Exception as error:
                _loaded.discard(GROUP)
                raise _crashed(error, f"entry point {entry.name} = {entry.value}") from error


def _entries() -> Iterable[EntryPoint]:
    """The installed entry points. Most environments have none, which is seen without importlib.metadata."""
    if not any(map(_may_have_entries, sys.path)):
        return ()
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _may_have_entries(folder: str) -> bool:
    """Whether a package of this folder names the group; what is no folder may have anything."""
    place = folder or os.curdir
    if not os.path.isdir(place):
        return os.path.isfile(place)
    names = [name for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info"))]
    return any(_names_group(os.path.join(place, name)) for name in [*names, "EGG-INFO"])


def _names_group(folder: str) -> bool:
    try:
        with open(os.path.join(folder, "entry_points.txt"), "rb") as opened:
            return GROUP.encode() in opened.read()
    except OSError:  # it has none
        return False


def _load_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            what="no folder of plugins is there",
            where=str(folder),
            expected="a folder with Python files",
            todo=f"correct --plugins or {VARIABLE}",
        )
    for path in sorted(folder.glob("*.py")):
        _load_file(path.resolve())


def _load_file(path: Path) -> None:
    import hashlib  # for plugins only

    name = f"promproof_plugin_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"
    if name in sys.modules:
        return
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # models look for their own module there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _crashed(error, str(path)) from error


def _crashed(error: Exception, origin: str) -> InputError:
    """The input error of a plugin's crash; its place is the last line of the plugin's own that was executed."""
    where = origin
    if isinstance(error, SyntaxError) and error.filename == origin:
        where = f"{origin}:{error.lineno}"
    else:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == origin
        ]
        if lines:
            where = f"{origin}:{lines[-1]}"
    return InputError(
        what=f"the plugin can't be loaded: {type(error).__name__}: {error}",
        where=where,
        expected="a Python file that registers kinds and does nothing else",
        todo=f"correct the plugin, or take it out of --plugins or {VARIABLE}",
    )
