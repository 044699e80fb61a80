"""Finds one saga."""

from dataclasses import dataclass

from tally.camera.application.saga.provisioning import KIND
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.saga import Saga


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSaga(Query[Saga]):
    """Finds one saga.

    Attributes:
        saga_id: The saga.
        sites: Where the caller may see cameras.
    """

    saga_id: str
    sites: Sites


async def get_saga(query: GetSaga, work: UnitOfWork) -> Saga:
    """The saga.

    Raises:
        SagaNotFound: There is no such saga there.
    """
    saga = await work.sagas.get(query.saga_id)
    saga.require(KIND, query.sites)
    return saga
