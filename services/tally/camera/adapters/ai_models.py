"""The models that workers said to have."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.tables import ai_models
from tally.camera.domain.ai_model import Installation


class PostgresAiModels:
    """The `ai_models` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(
        self, worker_id: str, time: datetime, installations: Sequence[Installation]
    ) -> None:
        """Keep what a worker said unless something newer is known."""
        statement = insert(ai_models).values(
            worker_id=worker_id, report_time=time, installations=tuple(installations)
        )
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["worker_id"],
                set_={
                    "report_time": statement.excluded.report_time,
                    "installations": statement.excluded.installations,
                },
                where=ai_models.c.report_time < statement.excluded.report_time,
            )
        )

    async def since(self, time: datetime) -> Sequence[Installation]:
        """What the workers have that said so after `time`."""
        query = select(ai_models.c.installations).where(ai_models.c.report_time > time)
        found = await self._connection.execute(query)
        return [each for row in found for each in row.installations]

    async def forget(self, before: datetime) -> None:
        """Remove what was said before."""
        await self._connection.execute(delete(ai_models).where(ai_models.c.report_time < before))
