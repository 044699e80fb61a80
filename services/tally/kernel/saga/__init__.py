"""Durable sagas: several transactions that all happen, or are made good one by one.

After Garcia-Molina and Salem, "Sagas" (SIGMOD 1987). A saga is a row in its context's database; whichever server claims
the row does the next step. No server remembers anything of it, so that none is missed when it dies.
"""

from tally.kernel.saga.model import Saga, SagaNotFound, SagaNotParked, SagaState
from tally.kernel.saga.plan import Plan, Step, Wait
from tally.kernel.saga.runner import SagaRunner
from tally.kernel.saga.store import Sagas, SagaStore, sagas_table

__all__ = [
    "Plan",
    "Saga",
    "SagaNotFound",
    "SagaNotParked",
    "SagaRunner",
    "SagaState",
    "SagaStore",
    "Sagas",
    "Step",
    "Wait",
    "sagas_table",
]
