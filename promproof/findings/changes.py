"""What a change touches: the findings in files that it changed, and those that were not there before it.

Both sides are judged as a whole: the files of the commit that the change began from are read into a folder of their
own. So a finding in a file that was not changed is told when the change caused it, a shorter scrape interval say.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError

OPTION = "--changed-since"
_READ = (".yml", ".yaml", ".json", ".rules", ".md", ".tmpl", ".env", ".env.example")
_BESIDE = (".md", ".env", ".env.example")
"""Of these, what is read above the paths too: pages that name a compose file, and variables."""
_LINK = "120000"


@dataclass(frozen=True)
class Change:
    """A change. start: the commit that it began from; top: the repository's folder; files: as shown, from here."""

    start: str
    top: str
    files: frozenset[str]

    def unpack(self, folder: Path, paths: Iterable[Path], further: Iterable[str]) -> Path:
        """Write the files of the commit below the paths, and further ones, into a folder; the folder here in it."""
        roots = [os.path.relpath(os.path.abspath(path), self.top) for path in paths]
        named = {os.path.relpath(os.path.abspath(file), self.top) for file in further}
        wanted = [
            (mode, name, mark)
            for mode, name, mark in _tree(self.top, self.start)
            if name in named
            or (name.endswith(_READ) and any(_is_below(name, root) for root in roots))
            or (name.endswith(_BESIDE) and any(_is_above(name, root) for root in roots))
        ]
        contents = _contents(self.top, [mark for _, _, mark in wanted])
        for (mode, name, _), content in zip(wanted, contents, strict=True):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == _LINK:
                path.symlink_to(os.fsdecode(content))
            else:
                path.write_bytes(content)
        here = folder / os.path.relpath(Path.cwd(), self.top)
        here.mkdir(parents=True, exist_ok=True)
        return here


def change_since(ref: str) -> Change:
    """The change from where this branch left a ref, or from a commit of it, to the files as they are.

    Raises:
        InputError: there is no git, no repository, or no such ref.
    """
    top = os.path.realpath(_git(".", "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    if ref.startswith("-"):
        raise _no_ref(ref)
    try:
        _git(top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    except InputError:
        raise _no_ref(ref) from None
    try:
        start = _git(top, "merge-base", ref, "HEAD").decode().strip()
    except InputError:  # no history in common, in a shallow clone say
        start = ref
    changed = _names(_git(top, "diff", "--name-only", "--no-renames", "-z", start, "--"))
    changed += _names(_git(top, "ls-files", "--others", "--exclude-standard", "-z"))
    here = os.path.realpath(Path.cwd())
    return Change(start, top, frozenset(os.path.relpath(os.path.join(top, name), here) for name in changed))


def _no_ref(ref: str) -> InputError:
    return InputError(
        what=f"git knows no commit {ref!r}",
        where=OPTION,
        expected="a branch, a tag or a commit: origin/main say",
        todo="correct the name; in CI, fetch the history (actions/checkout: fetch-depth: 0)",
    )


def _git(folder: str, *words: str, given: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *words], input=given, capture_output=True, check=False, timeout=300
        )
    except OSError as error:
        raise InputError(
            what=f"git can't be run: {error.strerror}",
            where=OPTION,
            todo="install git, or leave the option out",
        ) from error
    if done.returncode:
        raise InputError(
            what=f"git {words[0]}: {done.stderr.decode(errors='replace').strip() or 'failed'}",
            where=OPTION,
            expected="a folder of a git repository",
        )
    return done.stdout


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _tree(top: str, start: str) -> Iterator[tuple[str, str, str]]:
    """Mode, name and object of every file of a commit."""
    for entry in _names(_git(top, "ls-tree", "-r", "-z", "--full-tree", start)):
        kind, _, name = entry.partition("\t")
        mode, sort, mark = kind.split()
        if sort == "blob":
            yield mode, name, mark


def _contents(top: str, marks: Sequence[str]) -> Iterator[bytes]:
    answer = _git(top, "cat-file", "--batch", given="".join(f"{mark}\n" for mark in marks).encode())
    at = 0
    for _ in marks:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + size + 2


def _is_below(name: str, root: str) -> bool:
    return root == "." or name == root or name.startswith(f"{root}/")


def _is_above(name: str, root: str) -> bool:
    folder = os.path.dirname(name)
    return not folder or f"{root}/".startswith(f"{folder}/")
