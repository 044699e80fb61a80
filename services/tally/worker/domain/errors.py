"""What can go wrong with workers; the reasons are those of the contract's `ErrorReason`."""

from tally.kernel.errors import FailedPrecondition, NotFound


class WorkerNotFound(NotFound):
    """No worker has this id."""

    reason = "WORKER_NOT_FOUND"

    def __init__(self, worker_id: str) -> None:
        super().__init__(f"no worker has the id {worker_id}", metadata={"worker_id": worker_id})


class LeaseExpired(FailedPrecondition):
    """The worker's lease ran out, or another worker registered under its name."""

    reason = "LEASE_EXPIRED"

    def __init__(self, worker_id: str) -> None:
        super().__init__(
            f"the lease of worker {worker_id} has run out: register again",
            metadata={"worker_id": worker_id},
        )
