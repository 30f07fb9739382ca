"""Prompts in the database. A prompt that a pipeline uses cannot be deleted; its executions go with it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from promptpilot.store.database import Database
from promptpilot.store.page import Page, possible, utc_now
from promptpilot.store.tables import prompts


@dataclass(frozen=True, slots=True)
class Prompt:
    id: int
    name: str
    template: str
    created_at: datetime


class PromptInUse(Exception):
    """A pipeline uses the prompt."""


class PromptStore:
    """All methods but `ids` are coroutines; an unknown id gives None or False."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self, most: int) -> list[int]:
        """The lowest `most` ids. Blocks."""
        statement = select(prompts.c.id).order_by(prompts.c.id).limit(most)
        return self._database.read_now(lambda connection: list(connection.scalars(statement)))

    async def list(self, limit: int, offset: int) -> Page[Prompt]:
        def work(connection: Connection) -> Page[Prompt]:
            rows = connection.execute(select(prompts).order_by(prompts.c.id).limit(limit).offset(offset))
            items = [Prompt(*row) for row in rows]
            return Page(items, connection.scalar(select(func.count()).select_from(prompts)) or 0)

        return await self._database.read(work)

    async def get(self, prompt_id: int) -> Prompt | None:
        if not possible(prompt_id):
            return None
        return await self._database.read(lambda connection: _get(connection, prompt_id))

    async def create(self, name: str, template: str) -> Prompt:
        created_at = utc_now()

        def work(connection: Connection) -> Prompt:
            values = {"name": name, "template": template, "created_at": created_at}
            key = connection.execute(insert(prompts).values(values)).inserted_primary_key
            assert key is not None
            return Prompt(key[0], name, template, created_at)

        return await self._database.write(work)

    async def update(self, prompt_id: int, name: str, template: str) -> Prompt | None:
        if not possible(prompt_id):
            return None

        def work(connection: Connection) -> Prompt | None:
            connection.execute(
                update(prompts).where(prompts.c.id == prompt_id).values(name=name, template=template)
            )
            return _get(connection, prompt_id)

        return await self._database.write(work)

    async def delete(self, prompt_id: int) -> bool:
        """Raises PromptInUse."""
        if not possible(prompt_id):
            return False

        def work(connection: Connection) -> bool:
            return connection.execute(delete(prompts).where(prompts.c.id == prompt_id)).rowcount > 0

        try:
            return await self._database.write(work)
        except IntegrityError as exc:
            raise PromptInUse(prompt_id) from exc


def _get(connection: Connection, prompt_id: int) -> Prompt | None:
    row = connection.execute(select(prompts).where(prompts.c.id == prompt_id)).first()
    return None if row is None else Prompt(*row)
