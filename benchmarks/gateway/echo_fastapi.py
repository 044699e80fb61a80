"""The same echo as a FastAPI application under uvicorn: `python -m benchmarks.gateway.echo_fastapi ADDRESS KEY`.

One process with uvicorn's fast parts (uvloop, httptools) and no access log. It verifies tokens with the very class that
our servers use, so that the frameworks are compared and not two ways to verify; a handler is an ordinary one.
"""

import json
import sys
from typing import Annotated, Literal
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from tally.kernel.errors import Unauthenticated
from tally.kernel.grpc.tokens import Jwk, JwksAuthenticator
from tally.kernel.identity import Principal


class StreamStatus(BaseModel):
    """How a stream does."""

    state: Literal["STREAM_STATE_STREAMING", "STREAM_STATE_UNREACHABLE"]
    reason: str = ""
    framesPerSecond: float = 0  # noqa: N815 - as in the contract's JSON
    detector: str = ""


class RunningCamera(BaseModel):
    """A camera that a worker runs."""

    cameraId: UUID  # noqa: N815 - as in the contract's JSON
    epoch: Annotated[int, Field(ge=0)] = 0
    status: StreamStatus


class RenewLeaseRequest(BaseModel):
    """What a worker runs."""

    cameras: Annotated[list[RunningCamera], Field(max_length=10000)] = []


class Worker(BaseModel):
    """A worker as stored."""

    id: UUID
    cameras: list[RunningCamera]


class RenewLeaseResponse(BaseModel):
    """More time."""

    worker: Worker


def application(key: Jwk) -> FastAPI:
    """The application, which takes tokens that `key` verifies."""

    async def fetch() -> list[Jwk]:
        return [key]

    authenticator = JwksAuthenticator(fetch)

    async def writer(request: Request) -> Principal:
        authorization = request.headers.get("authorization", "")
        try:
            principal = await authenticator.authenticate({"authorization": authorization})
        except Unauthenticated as error:
            raise HTTPException(401, str(error)) from error
        if principal is None or not principal.may("analytics:write"):
            raise HTTPException(403)
        return principal

    app = FastAPI()

    @app.post("/api/v1/workers/{worker_id}:renewLease")
    async def renew_lease(
        worker_id: UUID, body: RenewLeaseRequest, principal: Annotated[Principal, Depends(writer)]
    ) -> RenewLeaseResponse:
        return RenewLeaseResponse(worker=Worker(id=worker_id, cameras=body.cameras))

    return app


def main() -> None:
    """Serve until told to stop."""
    address, key = sys.argv[1:]
    host, _, port = address.rpartition(":")
    uvicorn.run(
        application(json.loads(key)),
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
