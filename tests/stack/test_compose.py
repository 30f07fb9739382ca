"""Compose's answer is read as what it is: JSON on one stream, warnings on the other."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from promproof.contract.model import Contract
from promproof.contract.model import load as load_contract
from promproof.errors import EvidenceError, InputError
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING
from promproof.run.static import data_sources
from promproof.stack.supply import resolve

pytestmark = pytest.mark.stack
COMPOSE = """\
version: "3"
services:
  api:
    image: example/api:${NOBODY_SETS_THIS}
  grafana:
    image: grafana/grafana:11
    volumes: ["./provisioning:/etc/grafana/provisioning:ro"]
"""


def contract() -> Contract:
    return load_contract(DEFAULT_CONTRACT)


def test_a_compose_file_with_warnings_is_resolved(tmp_path: Path) -> None:
    path = tmp_path / "docker-compose.yml"
    path.write_text(COMPOSE, encoding="utf-8")
    assert resolve(path, variables={})["services"]["api"]["image"] == "example/api:"


def test_a_refused_compose_file_is_told_in_composes_own_words(tmp_path: Path) -> None:
    path = tmp_path / "docker-compose.yml"
    path.write_text("services: {api: {image: [a]}}\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"services\.api\.image must be a string"):
        resolve(path, variables={})


def test_compose_is_not_asked_about_what_would_keep_it_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "docker-compose.yml"
    os.mkfifo(path)
    with pytest.raises(InputError, match="no regular file"):
        resolve(path, variables={})
    path.unlink()
    bomb = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9))
    path.write_text(f"x0: &x0 [x]\n{bomb}services: {{}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"docker-compose.yml:6: x5.* over 50,000 values"):
        resolve(path, variables={})


def test_composes_own_tags_and_several_documents_are_its_own_business(tmp_path: Path) -> None:
    path = tmp_path / "docker-compose.yml"
    path.write_text(
        "services: {a: {image: x, ports: !reset []}}\n---\nservices: {a: {image: y}}\n", encoding="utf-8"
    )
    assert resolve(path, variables={})["services"]["a"]["image"] == "y"


def test_data_sources_of_any_shape_are_read(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT_MONITORING, tmp_path / "monitoring"))
    wanted = contract().deployment
    assert wanted is not None
    config = resolve(folder / wanted.compose, variables={})
    (file,) = (folder / "grafana" / "provisioning" / "datasources").glob("*.y*ml")
    for text, found in (("datasources: text\n", []), ("datasources: [1, {name: a}]\n", [{"name": "a"}])):
        file.write_text(text, encoding="utf-8")
        assert data_sources(config, wanted) == found
