"""The line for Debian's testing suite comes from the machine's own sources, and from no other archive's."""

from pathlib import Path

import pytest

from promproof.errors import InputError
from promproof.stack.aptsources import Source, line_for, sources

pytestmark = pytest.mark.unit
RELEASE = 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n'
STANZAS = """\
# what a container's image has
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
OTHERS = """\
Types: deb
URIs: https://packages.example/php
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
 -----END PGP PUBLIC KEY BLOCK-----
"""
LINES = """\
deb-src http://mirror.example/debian bookworm main
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/keys/debian.gpg] https://mirror.example/debian bookworm main contrib # ours
deb cdrom:[Debian 12]/ bookworm main
"""


def machine(folder: Path, release: str = RELEASE, **files: str) -> tuple[Path, Path]:
    (folder / "apt/sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        place = "sources.list" if name == "main" else f"sources.list.d/{name}.sources"
        (folder / "apt" / place).write_text(text)
    (folder / "os-release").write_text(release)
    return folder / "apt", folder / "os-release"


def test_a_stanza_gives_its_mirror_and_its_key(tmp_path: Path) -> None:
    assert line_for("testing", *machine(tmp_path, debian=STANZAS)) == (
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian testing main"
    )


def test_a_line_gives_its_mirror_and_its_key(tmp_path: Path) -> None:
    line = line_for("testing", *machine(tmp_path, main=LINES))
    assert line == "deb [signed-by=/keys/debian.gpg] https://mirror.example/debian testing main"


def test_an_archive_of_others_with_the_same_suite_is_passed_over(tmp_path: Path) -> None:
    apt, release = machine(tmp_path, another=OTHERS, debian=STANZAS)
    assert "mirror.example/debian " in line_for("testing", apt, release)
    assert next(sources(apt)) == Source("https://packages.example/php", ("bookworm",), ("main",))


@pytest.mark.parametrize(
    ("release", "files", "words"),
    [
        ("ID=ubuntu\nVERSION_CODENAME=noble\n", {"debian": STANZAS}, "this is ubuntu, not Debian"),
        ("", {"debian": STANZAS}, "not Debian"),
        (RELEASE, {"another": OTHERS}, "is the archive of Debian bookworm"),
        (
            RELEASE,
            {"debian": STANZAS.replace("Types: deb", "Enabled: no\nTypes: deb")},
            "is the archive of Debian",
        ),
        (RELEASE, {}, "is the archive of Debian"),
        ("ID=debian\n", {"debian": STANZAS}, "is the archive of Debian"),
    ],
    ids=["Ubuntu", "no release", "another archive only", "switched off", "no sources", "unstable"],
)
def test_without_debians_own_archive_there_is_no_line(
    tmp_path: Path, release: str, files: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        line_for("testing", *machine(tmp_path, release, **files))
