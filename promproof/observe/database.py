"""What the target's own database says, asked with SQL that the contract names.

SQLAlchemy is imported when a database is asked: who verifies a service without one does not need it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from promproof.errors import EvidenceError, InputError

EXAMPLES = "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME"


def ask(url: str, query: str) -> list[str]:
    """The first column of a query's rows, as text.

    Raises:
        EvidenceError: the database did not answer, or refused the query.
    """
    return [str(row[0]) for _, rows in answers(url, {"": query}) for row in rows]


def answers(url: str, queries: Mapping[str, str]) -> Iterator[tuple[str, list[list[Any]]]]:
    """The rows of each query by its key, in one connection.

    Raises:
        EvidenceError: the database did not answer, or refused a query.
    """
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    query = ""
    try:
        with engine.connect() as connection:
            for key, query in queries.items():
                yield key, [list(row) for row in connection.execute(sqlalchemy.text(query))]
    except SQLAlchemyError as error:
        raise EvidenceError(
            "database", f"no usable answer to {query!r}: {error}", (), "check target.database in the contract"
        ) from error
    finally:
        engine.dispose()


def check_installed(where: str) -> None:
    """Raises InputError when no database can be asked here. where: what names one."""
    if importlib.util.find_spec("sqlalchemy") is None:
        raise InputError(
            what="SQLAlchemy is not installed, which asks the target's database",
            where=where,
            expected="the extra `database`",
            todo="pip install 'promproof[database]'",
        )


def check_url(url: str, where: str) -> None:
    """Raises InputError when this is no URL of a database that can be asked here. where: the option that has it."""
    check_installed(where)
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        make_url(url).get_dialect()
    except (SQLAlchemyError, ValueError, ImportError) as error:
        raise InputError(
            what=f"it is no URL of a database that can be asked: {type(error).__name__}",
            where=where,
            expected=EXAMPLES,
            todo="correct it",
        ) from error
