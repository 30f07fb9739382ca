"""Questions with a deadline, on a database that is slow to answer."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from promptpilot.store import Database, DatabaseUnavailable

pytestmark = pytest.mark.unit
PATIENT_SECONDS = 30.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'asked.db'}")
    yield opened
    opened.close()


def quick(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


def test_a_patient_question_is_answered_after_an_impatient_one_gave_up(database: Database) -> None:
    """Prometheus, scraping fast, waits for less than a person who asks for the health."""
    let = threading.Event()

    def slow(connection: Connection) -> int:
        let.wait(PATIENT_SECONDS)
        return quick(connection)

    async def ask() -> int:
        with pytest.raises(DatabaseUnavailable, match="no answer within"):
            await database.ask(slow, 0.01)
        patient = asyncio.create_task(database.ask(quick, PATIENT_SECONDS))
        await asyncio.sleep(0.01)
        assert not patient.done(), "refused at once, or a second thread asks"
        let.set()
        return await patient

    assert asyncio.run(ask()) == 1


def test_a_question_that_hangs_longer_than_the_next_may_take_is_asked_again_beside_it(
    database: Database,
) -> None:
    let = threading.Event()

    def hanging(connection: Connection) -> int:
        let.wait(PATIENT_SECONDS)
        return quick(connection)

    async def ask() -> None:
        try:
            with pytest.raises(DatabaseUnavailable, match="no answer within"):
                await database.ask(hanging, 0.02)
            with pytest.raises(DatabaseUnavailable, match="still no answer to an earlier question"):
                await database.ask(quick, 0.02)
            with pytest.raises(DatabaseUnavailable, match="still no answer to an earlier question"):
                await database.ask(quick, 0.03)
        finally:
            let.set()

    asyncio.run(ask())
