"""Pipelines in the database: an ordered list of prompts, one of which may come several times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from promptpilot.store.database import Database
from promptpilot.store.page import Page, possible, utc_now
from promptpilot.store.prompts import Prompt
from promptpilot.store.tables import pipeline_steps, pipelines, prompts


@dataclass(frozen=True, slots=True)
class Pipeline:
    id: int
    name: str
    prompt_ids: list[int]
    created_at: datetime


class UnknownPrompts(Exception):
    """A pipeline names prompts that do not exist."""

    def __init__(self, prompt_ids: list[int]) -> None:
        super().__init__(f"unknown prompt ids: {', '.join(map(str, prompt_ids))}")


class PipelineStore:
    """All methods but `ids` are coroutines; an unknown id gives None or False."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self, most: int) -> list[int]:
        """The lowest `most` ids. Blocks."""
        statement = select(pipelines.c.id).order_by(pipelines.c.id).limit(most)
        return self._database.read_now(lambda connection: list(connection.scalars(statement)))

    async def list(self, limit: int, offset: int) -> Page[Pipeline]:
        def work(connection: Connection) -> Page[Pipeline]:
            rows = connection.execute(
                select(pipelines).order_by(pipelines.c.id).limit(limit).offset(offset)
            ).all()
            steps = _steps(connection, [row.id for row in rows])
            items = [Pipeline(row.id, row.name, steps[row.id], row.created_at) for row in rows]
            return Page(items, connection.scalar(select(func.count()).select_from(pipelines)) or 0)

        return await self._database.read(work)

    async def get(self, pipeline_id: int) -> Pipeline | None:
        if not possible(pipeline_id):
            return None
        return await self._database.read(lambda connection: _get(connection, pipeline_id))

    async def with_prompts(self, pipeline_id: int) -> tuple[Pipeline, Sequence[Prompt]] | None:
        """The pipeline and its prompts in order."""
        if not possible(pipeline_id):
            return None

        def work(connection: Connection) -> tuple[Pipeline, Sequence[Prompt]] | None:
            pipeline = _get(connection, pipeline_id)
            if pipeline is None:
                return None
            rows = connection.execute(
                select(prompts)
                .join(pipeline_steps, pipeline_steps.c.prompt_id == prompts.c.id)
                .where(pipeline_steps.c.pipeline_id == pipeline_id)
                .order_by(pipeline_steps.c.position)
            )
            return pipeline, [Prompt(*row) for row in rows]

        return await self._database.read(work)

    async def create(self, name: str, prompt_ids: Sequence[int]) -> Pipeline:
        """Raises UnknownPrompts."""
        created_at = utc_now()

        def work(connection: Connection) -> Pipeline:
            key = connection.execute(
                insert(pipelines).values(name=name, created_at=created_at)
            ).inserted_primary_key
            assert key is not None
            _write_steps(connection, key[0], prompt_ids)
            return Pipeline(key[0], name, list(prompt_ids), created_at)

        return await self._database.write(work)

    async def update(self, pipeline_id: int, name: str, prompt_ids: Sequence[int]) -> Pipeline | None:
        """Raises UnknownPrompts."""
        if not possible(pipeline_id):
            return None

        def work(connection: Connection) -> Pipeline | None:
            changed = update(pipelines).where(pipelines.c.id == pipeline_id).values(name=name)
            if connection.execute(changed).rowcount == 0:
                return None
            connection.execute(delete(pipeline_steps).where(pipeline_steps.c.pipeline_id == pipeline_id))
            _write_steps(connection, pipeline_id, prompt_ids)
            return _get(connection, pipeline_id)

        return await self._database.write(work)

    async def delete(self, pipeline_id: int) -> bool:
        if not possible(pipeline_id):
            return False

        def work(connection: Connection) -> bool:
            return connection.execute(delete(pipelines).where(pipelines.c.id == pipeline_id)).rowcount > 0

        return await self._database.write(work)


def _steps(connection: Connection, pipeline_ids: Sequence[int]) -> dict[int, list[int]]:
    steps: dict[int, list[int]] = {pipeline_id: [] for pipeline_id in pipeline_ids}
    rows = connection.execute(
        select(pipeline_steps.c.pipeline_id, pipeline_steps.c.prompt_id)
        .where(pipeline_steps.c.pipeline_id.in_(pipeline_ids))
        .order_by(pipeline_steps.c.pipeline_id, pipeline_steps.c.position)
    )
    for pipeline_id, prompt_id in rows:
        steps[pipeline_id].append(prompt_id)
    return steps


def _get(connection: Connection, pipeline_id: int) -> Pipeline | None:
    row = connection.execute(select(pipelines).where(pipelines.c.id == pipeline_id)).first()
    if row is None:
        return None
    return Pipeline(row.id, row.name, _steps(connection, [row.id])[row.id], row.created_at)


def _write_steps(connection: Connection, pipeline_id: int, prompt_ids: Sequence[int]) -> None:
    wanted = [prompt_id for prompt_id in set(prompt_ids) if possible(prompt_id)]
    # The lock keeps the prompts from being deleted before the steps refer to them (SQLite: it has one
    # writer).
    found = set(
        connection.scalars(select(prompts.c.id).where(prompts.c.id.in_(wanted)).with_for_update(read=True))
    )
    if unknown := sorted(set(prompt_ids) - found):
        raise UnknownPrompts(unknown)
    rows = [
        {"pipeline_id": pipeline_id, "position": position, "prompt_id": prompt_id}
        for position, prompt_id in enumerate(prompt_ids)
    ]
    connection.execute(insert(pipeline_steps), rows)
