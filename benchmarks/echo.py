"""An echo by grpc.aio alone, by our server with all guards, through the gateway (gRPC, REST), and by FastAPI.

Every call shows a real access token and a request that is checked. Rounds alternate, so that whatever else the machine
does falls on all alike; figures are medians, and ratios are medians of each round's ratio.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import jwt
from google.protobuf import json_format

from benchmarks.gateway.backend import UNLIMITED
from benchmarks.gateway.load import grpc_per_second, require_programs, rest_per_second
from gateway_envoy.table import Context
from tally.api.camera.v1 import stream_pb2
from tally.api.worker.v1 import worker_pb2, worker_service_pb2
from tally.auth.adapters.access_tokens import public_jwk
from tally.auth.adapters.signing_keys import make_signing_key
from tally.kernel.grpc.tokens import ALGORITHM, AUDIENCE, ISSUER, Jwk
from tally.kernel.ids import new_id
from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.folder import DataFolder, free_ports
from tally.stack.models import PROJECT
from tally.stack.probe import HealthProbe, first_line
from tally.stack.process import Command, Probe, ServerProcess

ROUNDS = 5
CALLS = 10_000
"""Over gRPC, in each round."""
SECONDS = 4
"""Of REST, in each round."""
METHOD = "/tally.api.worker.v1.WorkerService/RenewLease"

BARE = "grpc.aio alone"
OURS = "our server"
ENVOY_GRPC = "our server through Envoy, gRPC"
ENVOY_REST = "our server through Envoy, REST"
FASTAPI = "FastAPI"
FASTAPI_REMEMBERING = "FastAPI that remembers tokens"
RATIOS = (
    (OURS, BARE),
    (ENVOY_GRPC, BARE),
    (ENVOY_REST, FASTAPI),
    (ENVOY_REST, FASTAPI_REMEMBERING),
)


def main() -> None:
    """Print calls a second and ratios."""
    require_programs()
    with tempfile.TemporaryDirectory() as scratch:
        rounds = asyncio.run(_measure(DataFolder(Path(scratch))))
    for name in rounds[0]:
        print(f"{name:<32} {median(each[name] for each in rounds):8,.0f} calls/s")
    for name, yardstick in RATIOS:
        ratio = median(each[name] / each[yardstick] for each in rounds)
        print(f"{name} / {yardstick}: {ratio:.2f}")


async def _measure(folder: DataFolder) -> list[dict[str, float]]:
    key, token = _key_and_token()
    request = worker_service_pb2.RenewLeaseRequest(worker_id=new_id(), cameras=_cameras())
    worker = worker_pb2.Worker(id=request.worker_id, cameras=request.cameras)
    answer = worker_service_pb2.RenewLeaseResponse(worker=worker).SerializeToString()
    body = json.dumps({"cameras": json_format.MessageToDict(request)["cameras"]})
    route = f"/api/v1/workers/{request.worker_id}:renewLease"

    def grpc(address: str) -> Callable[[], float]:
        return lambda: grpc_per_second(
            folder.root, address, METHOD, request.SerializeToString(), answer, token, CALLS
        )

    def rest(address: str) -> Callable[[], float]:
        return lambda: rest_per_second(
            folder.root, f"http://{address}{route}", body, token, SECONDS
        )

    async with _servers(folder, key) as (bare, ours, envoy, fastapi, remembering):
        ways = {
            BARE: grpc(bare),
            OURS: grpc(ours),
            ENVOY_GRPC: grpc(envoy),
            ENVOY_REST: rest(envoy),
            FASTAPI: rest(fastapi),
            FASTAPI_REMEMBERING: rest(remembering),
        }
        return [
            {name: await asyncio.to_thread(way) for name, way in ways.items()}
            for _ in range(ROUNDS)
        ]


@asynccontextmanager
async def _servers(folder: DataFolder, key: Jwk) -> AsyncIterator[tuple[str, str, str, str, str]]:
    """Where each of them listens, one process each."""
    bare, ours, fastapi, remembering = (f"127.0.0.1:{port}" for port in free_ports(4))

    def answering(address: str) -> Probe:
        async def answers() -> bool:
            return b" 404 " in await first_line(address, b"GET / HTTP/1.1\r\nhost: echo\r\n\r\n")

        return answers

    jwk = json.dumps(key)
    contexts = {name: Context(address=ours, max_requests=500) for name in ("auth", "worker")}
    envoy = EnvoyServer(folder, private_gateway(folder, contexts=contexts, common_limit=UNLIMITED))
    async with AsyncExitStack() as stack:
        for server in (
            _python(folder, HealthProbe(bare), "echo_grpc", "bare", bare, jwk),
            _python(folder, HealthProbe(ours), "echo_grpc", "guarded", ours, jwk),
            _python(folder, answering(fastapi), "echo_fastapi", "each", fastapi, jwk),
            _python(
                folder, answering(remembering), "echo_fastapi", "remembering", remembering, jwk
            ),
            envoy,
        ):
            await server.start()
            stack.push_async_callback(server.stop)
        yield bare, ours, envoy.gateway.listen, fastapi, remembering


def _python(
    folder: DataFolder, answers: Probe, module: str, kind: str, *arguments: str
) -> ServerProcess:
    name = f"{module}-{kind}"
    command = [sys.executable, "-m", f"benchmarks.gateway.{module}", kind, *arguments]
    return ServerProcess(
        name,
        Command(command, dict(os.environ), folder=PROJECT),
        folder.log(name),
        answers,
        mend="see its log",
    )


def _cameras() -> list[worker_pb2.RunningCamera]:
    status = stream_pb2.StreamStatus(
        state=stream_pb2.STREAM_STATE_STREAMING, frames_per_second=12.5, detector="motion"
    )
    return [
        worker_pb2.RunningCamera(camera_id=new_id(), epoch=number, status=status)
        for number in (1, 2)
    ]


def _key_and_token() -> tuple[Jwk, str]:
    """A key to verify with, and a worker's access token."""
    now = datetime.now(UTC)
    key = make_signing_key(now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"user:{new_id()}",
        "jti": new_id(),
        "iat": now,
        "exp": now + timedelta(hours=1),
        "permissions": ["worker:run", "camera:read"],
    }
    return public_jwk(key), jwt.encode(claims, key.private_key, ALGORITHM, headers={"kid": key.id})


if __name__ == "__main__":
    main()
