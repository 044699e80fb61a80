"""Has sagas go on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from opentelemetry import metrics
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from tally.kernel.backoff import Backoff
from tally.kernel.clock import Clock
from tally.kernel.database import Database
from tally.kernel.errors import DomainError
from tally.kernel.saga.model import Saga, SagaState
from tally.kernel.saga.plan import Plan
from tally.kernel.saga.store import SagaStore

LANES = 3
"""Steps done at once by one server; each keeps a connection of its own meanwhile."""
POLL_S = 0.5

_meter = metrics.get_meter("tally.kernel.saga")
_steps = _meter.create_counter(
    "tally.saga.steps", description="Steps of sagas, by what came of them"
)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class SagaRunner:
    """Does steps of sagas; several servers share the work.

    A saga's row stays locked while its step runs. The lock falls with the server that holds it, so that another one
    goes on at once. It falls too when the connection alone is lost: then a step may be done twice at the same time,
    which is harmless as it may be done twice at all.

    Attributes:
        database: Where the sagas are.
        table: From `sagas_table`.
        plans: What the sagas do, by kind.
        clock: Says when they are due.
    """

    database: Database
    table: Table
    plans: Mapping[str, Plan]
    clock: Clock

    async def run(self) -> None:
        """Have sagas go on until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane())

    async def run_one(self) -> bool:
        """Do one step of one saga that is due; tells whether there was one.

        Raises:
            Unavailable: The database cannot be reached; the step will be done again.
        """
        async with self.database.begin() as connection:
            sagas = SagaStore(connection, self.table)
            saga = await sagas.claim(self.plans.keys(), self.clock())
            if saga is None:
                return False
            after = await self.plans[saga.kind].progress(saga, self.clock)
            await sagas.save(after)
        self._note(saga, after)
        return True

    async def _lane(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=10.0)
        while True:
            pause = POLL_S
            try:
                while await self.run_one():
                    pass
                backoff.reset()
            except (DomainError, DBAPIError) as error:
                _log.warning("sagas_interrupted", error=str(error))
                pause = backoff.next_s()
            await asyncio.sleep(pause)

    def _note(self, before: Saga, after: Saga) -> None:
        _steps.add(1, {"kind": after.kind, "state": after.state.value})
        if after.state is before.state:
            return
        tell = _log.error if after.state is SagaState.PARKED else _log.info
        step = self.plans[after.kind].steps[before.position].name
        tell(
            "saga",
            id=after.id,
            kind=after.kind,
            state=after.state.value,
            step=step,
            why=after.message or after.reason,
        )
