"""What the target's own database says, asked with SQL that the contract names."""

from __future__ import annotations

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from promproof.errors import EvidenceError


def ask(url: str, query: str) -> list[str]:
    """The first column of a query's rows, as text.

    Raises:
        EvidenceError: the database did not answer, or refused the query.
    """
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    try:
        with engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(sqlalchemy.text(query))]
    except SQLAlchemyError as error:
        raise EvidenceError(
            "database", f"no usable answer to {query!r}: {error}", (), "check target.database in the contract"
        ) from error
    finally:
        engine.dispose()
