"""Fixtures: the API as a process, on SQLite and, where a server is there, on PostgreSQL.

`PROMPTPILOT_TEST_POSTGRES` is the URL of a server where databases may be created; without it an installed
`initdb` makes a private cluster.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests.promptpilot.postgres import Cluster, binaries, create_database, drop_database
from tests.promptpilot.support import Api

StartApi = Callable[..., Api]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database of a running server."""
    if given := os.environ.get("PROMPTPILOT_TEST_POSTGRES"):
        yield given
        return
    folder = binaries()
    if folder is None:
        pytest.skip("needs PostgreSQL: neither PROMPTPILOT_TEST_POSTGRES nor an installed initdb")
    cluster = Cluster(folder)
    yield cluster.url("postgres")
    cluster.remove()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of its own for each module, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'promptpilot.db'}"
        return
    server = str(request.getfixturevalue("postgres_server"))
    name = f"promptpilot_{uuid.uuid4().hex}"
    create_database(server, name)
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    drop_database(server, name)


@pytest.fixture(scope="module")
def api(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for a module, on each kind of database. Tests look at what they moved."""
    api = Api(tmp_path_factory.mktemp("api"), {"PROMPTPILOT_DATABASE_URL": database_url})
    yield api
    assert api.stop() == 0


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[StartApi]:
    """Starts an API for one test, on SQLite unless told otherwise; arguments are those of `Api`."""
    started: list[Api] = []

    def start(environ: dict[str, str] | None = None, **options: Any) -> Api:
        started.append(Api(tmp_path, environ, **options))
        return started[-1]

    yield start
    for api in started:
        api.stop()
