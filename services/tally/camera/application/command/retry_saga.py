"""Has a parked saga go on."""

from dataclasses import dataclass

from tally.camera.application.saga.provisioning import KIND
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command
from tally.kernel.saga import Saga


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySaga(Command[Saga]):
    """Has a parked saga go on the way it was going.

    Attributes:
        saga_id: The saga.
        sites: Where the caller may change cameras.
    """

    saga_id: str
    sites: Sites


@dataclass(frozen=True, slots=True)
class RetrySagaHandler:
    """Handles it.

    Attributes:
        clock: Stamps the change.
    """

    clock: Clock

    async def __call__(self, command: RetrySaga, work: UnitOfWork) -> Saga:
        """The saga.

        Raises:
            SagaNotFound: There is no such saga there.
            SagaNotParked: It goes on by itself, or is over.
        """
        saga = await work.sagas.hold(command.saga_id)
        saga.require(KIND, command.sites)
        retried = saga.retried(self.clock())
        await work.sagas.save(retried)
        return retried
