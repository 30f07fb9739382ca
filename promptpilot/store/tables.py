"""The tables, the same on SQLite and PostgreSQL.

Ids are never reused (AUTOINCREMENT on SQLite, sequences on PostgreSQL): they are label values, and a reused
one would continue the series of something that was deleted.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

MAX_ID = 2**63 - 1

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times in and out; SQLite keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


Id = BigInteger().with_variant(Integer, "sqlite")


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, metadata, Column("id", Id, primary_key=True), *columns, sqlite_autoincrement=True)


prompts = _table(
    "prompts",
    Column("name", String(200), nullable=False),
    Column("template", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

pipelines = _table(
    "pipelines",
    Column("name", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

pipeline_steps = Table(
    "pipeline_steps",
    metadata,
    Column("pipeline_id", Id, ForeignKey("pipelines.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id", ondelete="RESTRICT"), nullable=False, index=True),
)

pipeline_executions = _table(
    "pipeline_executions",
    Column("pipeline_id", Id, ForeignKey("pipelines.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String(10), nullable=False),
    Column("duration_seconds", Float, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
)

prompt_executions = _table(
    "prompt_executions",
    Column("prompt_id", Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "pipeline_execution_id",
        Id,
        ForeignKey("pipeline_executions.id", ondelete="SET NULL"),
        nullable=True,
        index=True,
    ),
    Column("status", String(10), nullable=False),
    Column("output", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("duration_seconds", Float, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
)

alerts = _table(
    "alerts",
    Column("received_at", UtcDateTime, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=True),
    Column("generator_url", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
)
