"""The whole mesh on one machine: servers, contexts, gateway and one camera worker."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway_envoy import Gateway, load_table
from tally.kernel.contracts import IMAGE
from tally.stack.envoy import EnvoyServer
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, is_free
from tally.stack.models import ModelStore
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tally.stack.process import Command, ServerProcess, State
from tally.stack.triton import TritonServer

CONTEXTS = ("camera", "worker", "analytics", "realtime")
WITH_DATABASE = ("camera", "worker", "analytics")


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """What can be chosen about a mesh.

    Attributes:
        data: The data folder.
        listen: Where the gateway listens; None takes a free port.
        own_ports: Whether contexts take their usual ports (8000, 8001, …) rather than free ones.
        compact: Whether all contexts share one process.
        cameras: How many cameras the worker may run at once.
    """

    data: Path
    listen: str | None = "127.0.0.1:8080"
    own_ports: bool = True
    compact: bool = False
    cameras: int = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the mesh.

    Attributes:
        name: What people call it.
        address: Where it listens, as `host:port`; empty if nowhere.
        process: The process.
    """

    name: str
    address: str
    process: ServerProcess


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How one process does right now."""

    name: str
    address: str
    state: State
    pid: int | None
    memory_bytes: int | None
    restarts: int
    log: Path


class Mesh:
    """All processes of one stack. Use `running`.

    Attributes:
        folder: The data folder.
        gateway: Address of the gateway.
        parts: The processes, in the order of their start.
    """

    def __init__(self, options: MeshOptions) -> None:
        self.folder = DataFolder(options.data)
        self._options = options
        self.store = ModelStore(self.folder)
        self.postgres = PostgresServer(self.folder)
        self.nats = NatsServer(self.folder)
        self.triton = TritonServer(self.folder, self.store)
        self._table = self._choose_addresses()
        self.envoy = EnvoyServer(self.folder, self._table)
        self.gateway = self._table.listen
        self.parts = [
            Part("postgres", f"127.0.0.1:{self.postgres.port}", self.postgres.process),
            Part("nats", f"127.0.0.1:{self.nats.port}", self.nats.process),
            Part("triton", self.triton.address, self.triton.process),
            *self._contexts(),
            Part("envoy", self.gateway, self.envoy.process),
            self._agent(),
        ]

    def part(self, name: str) -> Part:
        """The process called `name`."""
        return next(part for part in self.parts if part.name == name)

    async def start(self) -> None:
        """Start everything and wait until every health check is green.

        Raises:
            StackError: A part does not start.
        """
        self._refuse_taken_ports()
        await _all(self.postgres.start(), self.nats.start(), self.triton.start())
        for context in WITH_DATABASE:
            await self.postgres.ensure_database(context)
        contexts = [part.process for part in self.parts if part.name in (*CONTEXTS, "contexts")]
        await _all(self.envoy.start(), *(process.start() for process in contexts))
        await self.part("agent").process.start()

    async def stop(self) -> None:
        """Stop everything, those who use others first."""
        await self.part("agent").process.stop()
        contexts = [part.process for part in self.parts if part.name in (*CONTEXTS, "contexts")]
        await asyncio.gather(self.envoy.stop(), *(process.stop() for process in contexts))
        await asyncio.gather(self.triton.stop(), self.nats.stop(), self.postgres.stop())

    async def status(self) -> list[PartStatus]:
        """How every process does: alive, and answering its health check."""

        async def one(part: Part) -> PartStatus:
            process = part.process
            state = process.state
            if state == "serving" and not await process.probe():
                state = "down" if process.pid is None else "starting"
            return PartStatus(
                part.name, part.address, state, process.pid,
                process.memory_bytes(), process.restarts, process.log,
            )  # fmt: skip

        return list(await asyncio.gather(*(one(part) for part in self.parts)))

    def _choose_addresses(self) -> Gateway:
        table = load_table()
        listen = self._options.listen or f"127.0.0.1:{self.folder.port('gateway')}"
        contexts = {
            name: context.model_copy(
                update={} if self._options.own_ports else {"address": self._free(name)}
            )
            for name, context in table.contexts.items()
        }
        endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        return table.model_copy(
            update={
                "listen": listen,
                "admin": table.admin if self._options.own_ports else self._free("envoy-admin"),
                "contracts": str(IMAGE),
                "cors_origins": [
                    f"http://{host}:{listen.rpartition(':')[2]}"
                    for host in ("localhost", "127.0.0.1")
                ],
                "contexts": contexts,
                "otlp": endpoint.rpartition("//")[2].strip("/") or None,
            }
        )

    def _free(self, name: str) -> str:
        return f"127.0.0.1:{self.folder.port(name)}"

    def _refuse_taken_ports(self) -> None:
        wanted = {"gateway": self.gateway, "envoy's admin interface": self._table.admin} | {
            name: context.address for name, context in self._table.contexts.items()
        }
        for name, address in wanted.items():
            port = int(address.rpartition(":")[2])
            if not is_free(port):
                raise StackError(
                    f"port {port}, meant for {name}, is taken",
                    mend="stop what listens there, or use --port for the gateway and --free-ports for the rest",
                )

    def _contexts(self) -> list[Part]:
        if self._options.compact:
            command = [sys.executable, "-m", "tally.stack.compact"]
            addresses = [self._table.contexts[name].address for name in CONTEXTS]
            return [Part("contexts", addresses[0], self._process("contexts", command, addresses))]
        return [
            Part(
                name,
                self._table.contexts[name].address,
                self._process(
                    name,
                    [sys.executable, "-m", f"tally.{name}"],
                    [self._table.contexts[name].address],
                ),
            )
            for name in CONTEXTS
        ]

    def _agent(self) -> Part:
        address = self._free("agent")
        command = [sys.executable, "-m", "tally.worker.agent"]
        return Part("agent", address, self._process("agent", command, [address]))

    def _process(self, name: str, command: list[str], addresses: list[str]) -> ServerProcess:
        async def healthy() -> bool:
            return all(await asyncio.gather(*(_serving(address) for address in addresses)))

        return ServerProcess(
            name,
            Command(command, self._environment()),
            self.folder.log(name),
            healthy,
            mend=f"see {self.folder.log(name)}",
        )

    def _environment(self) -> Mapping[str, str]:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TALLY_")},
            **{key: value for key, value in os.environ.items() if key.startswith("TALLY_LOG_")},
            "TALLY_AGENT_NAME": socket.gethostname(),
            "TALLY_AGENT_CAPACITY": str(self._options.cameras),
            "TALLY_AGENT_LISTEN": self._free("agent"),
            "TALLY_AGENT_POOL_ADDRESS": self._table.listen,
            "TALLY_AGENT_NATS_URL": self.nats.url("agent"),
            "TALLY_AGENT_TRITON_ADDRESS": self.triton.address,
            "TALLY_AGENT_SPOOL": str(self.folder.folder("spool")),
            "TALLY_AGENT_METRICS_LISTEN": self._free("agent-metrics"),
        }
        for context in CONTEXTS:
            prefix = f"TALLY_{context.upper()}"
            environment |= {
                f"{prefix}_LISTEN": self._table.contexts[context].address,
                f"{prefix}_NATS_URL": self.nats.url(context),
                f"{prefix}_METRICS_LISTEN": self._free(f"{context}-metrics"),
                f"{prefix}_DEVELOPMENT_ACCESS": "true",
            }
            if context in WITH_DATABASE:
                environment[f"{prefix}_DATABASE_URL"] = self.postgres.url(context)
        return environment


@asynccontextmanager
async def running(options: MeshOptions) -> AsyncIterator[Mesh]:
    """A mesh that runs until the block is left.

    Raises:
        StackError: A part does not start, or another stack uses the data folder.
    """
    folder = DataFolder(options.data)
    with folder.lock():
        mesh = Mesh(options)
        try:
            await mesh.start()
            yield mesh
        finally:
            await mesh.stop()


async def _serving(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=2
            )
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def _all(*starts: Awaitable[None]) -> None:
    """Start several at once; if one fails, the others are not left half started."""
    results = await asyncio.gather(*starts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
