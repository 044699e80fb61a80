"""The same echo as a FastAPI application: `python -m benchmarks.gateway.echo_fastapi each|remembering ADDRESS KEY`.

One uvicorn process with its fast parts (uvloop, httptools) and no access log. `each` verifies the token of each
request, as FastAPI's own guide does; `remembering` verifies with the very class that our servers use.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from tally.kernel.errors import Unauthenticated
from tally.kernel.grpc.tokens import ALGORITHM, AUDIENCE, ISSUER, Jwk, JwksAuthenticator


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


Verify = Callable[[str], Awaitable[frozenset[str]]]
"""The permissions that an `authorization` header gives."""


def verifying_each(key: Jwk) -> Verify:
    """Verifies the token of each request."""
    public = jwt.PyJWK(dict(key), algorithm=ALGORITHM)

    async def verify(authorization: str) -> frozenset[str]:
        token = authorization.removeprefix("Bearer ")
        try:
            claims = jwt.decode(
                token, public, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER
            )
        except jwt.InvalidTokenError as error:
            raise HTTPException(401, str(error)) from error
        return frozenset(claims["permissions"])

    return verify


def remembering(key: Jwk) -> Verify:
    """Verifies each token once, with the class that our servers use."""

    async def fetch() -> list[Jwk]:
        return [key]

    authenticator = JwksAuthenticator(fetch)

    async def verify(authorization: str) -> frozenset[str]:
        try:
            principal = await authenticator.authenticate({"authorization": authorization})
        except Unauthenticated as error:
            raise HTTPException(401, str(error)) from error
        return principal.permissions if principal else frozenset()

    return verify


def application(verify: Verify) -> FastAPI:
    """The application."""

    async def writer(request: Request) -> None:
        if "worker:run" not in await verify(request.headers.get("authorization", "")):
            raise HTTPException(403)

    app = FastAPI()

    @app.post("/api/v1/workers/{worker_id}:renewLease", dependencies=[Depends(writer)])
    async def renew_lease(worker_id: UUID, body: RenewLeaseRequest) -> RenewLeaseResponse:
        return RenewLeaseResponse(worker=Worker(id=worker_id, cameras=body.cameras))

    return app


def main() -> None:
    """Serve until told to stop."""
    kind, address, key = sys.argv[1:]
    make = {"each": verifying_each, "remembering": remembering}[kind]
    host, _, port = address.rpartition(":")
    uvicorn.run(
        application(make(json.loads(key))),
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
