"""A file of environment variables: what other tools read of it, and what is told of a line that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.envfile import read
from promproof.errors import InputError

pytestmark = pytest.mark.unit


def test_variables_are_read_as_other_tools_read_them(tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_text("# shop\n\nA=1\nexport B=\"two words\"\nC='x=y'\n D = 4 \nE=\nF=a#b\n", encoding="utf-8")
    assert read(file, "--env-file") == {"A": "1", "B": "two words", "C": "x=y", "D": "4", "E": "", "F": "a#b"}


def test_a_line_that_is_no_variable_is_reported_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_text("A=1\nsource other\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(file, "--env-file")
    assert caught.value.where == f"{file}:2"


def test_a_file_that_is_not_there_is_reported_with_the_key_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        read(tmp_path / "none", "target.env_file")
    assert caught.value.where == "target.env_file"
