"""The whole mesh on one machine: servers, contexts, gateway and one camera worker."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway_envoy import Gateway, Tls, load_table
from tally.kernel.contracts import IMAGE
from tally.kernel.migrations import upgrade
from tally.stack.certificates import Certificate, development_certificate
from tally.stack.envoy import EnvoyServer
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, is_free
from tally.stack.models import ModelStore
from tally.stack.nats import PUBLISHES, NatsServer
from tally.stack.postgres import PostgresServer
from tally.stack.probe import HealthProbe
from tally.stack.process import Command, ServerProcess, State, end_leftovers
from tally.stack.triton import TritonServer

CONTEXTS = ("auth", "camera", "worker", "analytics", "notification", "realtime")
WITH_DATABASE = ("auth", "camera", "worker", "analytics", "notification")
FIRST_ADMIN = "admin@localhost"
FIRST_ADMIN_SECRET = "auth/first-admin"  # noqa: S105 - a secret's name
KEYS: Mapping[str, Sequence[str]] = {
    "camera-worker": ["worker:run"],
    "camera-context": ["camera:write"],
    "tally-up": ["camera:read", "camera:write", "analytics:read"],
}
"""Service accounts of this machine's own programs, with what their keys permit."""

ANY_NETWORK = "0.0.0.0/0 ::/0"
"""Cameras may be on this machine too: its users are their own operators."""


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """What can be chosen about a mesh.

    Attributes:
        data: The data folder.
        listen: Where the gateway listens; None takes a free port.
        own_ports: Whether contexts take their usual ports (8000, 8001, …) rather than free ones.
        compact: Whether all contexts share one process.
        cameras: How many cameras the worker may run at once.
        certificate: What the gateway shows over TLS, on all of this machine's addresses; None makes one for
            development, shown on loopback alone.
        recordings: Files that cameras may read, and folders all of whose files they may.
    """

    data: Path
    listen: str | None = "127.0.0.1:8080"
    own_ports: bool = True
    compact: bool = False
    cameras: int = 16
    certificate: Certificate | None = None
    recordings: tuple[Path, ...] = ()


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
        gateway: Address of the gateway, for callers on this machine.
        tls_address: Address of the gateway over TLS.
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
        self.tls_address = self._table.tls.listen
        self._contexts = self._context_parts()
        self._agent = self._agent_part()
        self.parts = [
            Part("postgres", f"127.0.0.1:{self.postgres.port}", self.postgres.process),
            Part("nats", f"127.0.0.1:{self.nats.port}", self.nats.process),
            Part("triton", self.triton.address, self.triton.process),
            *self._contexts,
            Part("envoy", self.gateway, self.envoy.process),
            self._agent,
        ]

    def part(self, name: str) -> Part:
        """The process called `name`."""
        return next(part for part in self.parts if part.name == name)

    def key(self, account: str) -> str:
        """The API key of one of this machine's own programs."""
        secret = self.folder.secret(f"keys/{account}")
        return f"tally_{secret[:8]}_{secret[8:]}"

    async def start(self) -> None:
        """Start everything and wait until every health check is green.

        Raises:
            StackError: A part does not start.
        """
        self._refuse_taken_ports()
        await _together(self._start_contexts(), self.triton.start())
        await self._agent.process.start()

    async def stop(self) -> None:
        """Stop everything, those who use others first."""
        await self._agent.process.stop()
        await asyncio.gather(
            self.triton.stop(),
            self.envoy.stop(),
            *(part.process.stop() for part in self._contexts),
        )
        await asyncio.gather(self.nats.stop(), self.postgres.stop())

    def status(self) -> list[PartStatus]:
        """How every process does: alive, and answering its health check."""
        return [
            PartStatus(
                part.name,
                part.address,
                part.process.state,
                part.process.pid,
                part.process.memory_bytes(),
                part.process.restarts,
                part.process.log,
            )
            for part in self.parts
        ]

    async def _start_contexts(self) -> None:
        await _together(self.postgres.start(), self.nats.start())
        for context in WITH_DATABASE:
            owner_url = await self.postgres.ensure_database(context)
            await upgrade(owner_url, f"tally.{context}.migrations")
        await _together(self.envoy.start(), *(part.process.start() for part in self._contexts))

    def _choose_addresses(self) -> Gateway:
        table = load_table()
        listen = self._options.listen or f"127.0.0.1:{self.folder.port('gateway')}"
        tls = self._choose_tls(table.tls)
        contexts = {
            name: context.model_copy(
                update={} if self._options.own_ports else {"address": self._free(name)}
            )
            for name, context in table.contexts.items()
        }
        endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        return table.changed(
            listen=listen,
            tls=tls,
            admin=table.admin if self._options.own_ports else self._free("envoy-admin"),
            contracts=str(IMAGE),
            cors_origins=[
                f"{scheme}://{host}:{address.rpartition(':')[2]}"
                for scheme, address in (("http", listen), ("https", tls.listen))
                for host in ("localhost", "127.0.0.1")
            ],
            contexts=contexts,
            otlp=endpoint.rpartition("//")[2].strip("/") or None,
        )

    def _choose_tls(self, usual: Tls) -> Tls:
        address = usual.listen if self._options.own_ports else self._free("gateway-tls")
        certificate = self._options.certificate
        if certificate is None:
            certificate = development_certificate(self.folder)
        else:
            address = f"0.0.0.0:{address.rpartition(':')[2]}"
        return Tls(listen=address, certificate=str(certificate.chain), key=str(certificate.key))

    def _free(self, name: str) -> str:
        return f"127.0.0.1:{self.folder.port(name)}"

    def _refuse_taken_ports(self) -> None:
        wanted = {
            "gateway": self.gateway,
            "gateway's TLS": self.tls_address,
            "envoy's admin interface": self._table.admin,
        } | {name: context.address for name, context in self._table.contexts.items()}
        for name, address in wanted.items():
            port = int(address.rpartition(":")[2])
            if not is_free(port):
                raise StackError(
                    f"port {port}, meant for {name}, is taken",
                    mend="stop what listens there, or use --port for the gateway and --free-ports for the rest",
                )

    def _context_parts(self) -> list[Part]:
        if self._options.compact:
            return [self._context_part("contexts", "tally.stack.compact", CONTEXTS)]
        return [self._context_part(name, f"tally.{name}", [name]) for name in CONTEXTS]

    def _context_part(self, name: str, module: str, contexts: Sequence[str]) -> Part:
        """A process that serves `contexts`. It gets their settings and secrets, and nobody else's."""
        addresses = [self._table.contexts[context].address for context in contexts]
        settings: dict[str, str] = {}
        for context in contexts:
            settings |= self._context_settings(context)
        return self._part(name, module, addresses, settings)

    def _context_settings(self, context: str) -> dict[str, str]:
        settings = {
            "LISTEN": self._table.contexts[context].address,
            "METRICS_LISTEN": self._free(f"{context}-metrics"),
        }
        if context in PUBLISHES:
            settings["NATS_URL"] = self.nats.url(context)
        if context in WITH_DATABASE:
            settings["DATABASE_URL"] = self.postgres.url(context)
        if context == "camera":
            settings["STREAM_KEYS"] = self._stream_key()
            settings["STREAM_NETWORKS"] = ANY_NETWORK
            settings["NOTIFICATION_ADDRESS"] = self._table.contexts["notification"].address
            settings["API_KEY"] = self.key("camera-context")
        if context == "auth":
            settings["SECRET"] = self.folder.secret("auth/keys")
            settings["FIRST_ADMIN_EMAIL"] = FIRST_ADMIN
            settings["FIRST_ADMIN_PASSWORD"] = self.folder.secret(FIRST_ADMIN_SECRET)
            settings["KEYS"] = json.dumps(
                [
                    {
                        "account": account,
                        "role": "admin",
                        "scopes": scopes,
                        "key": self.key(account),
                    }
                    for account, scopes in KEYS.items()
                ]
            )
        else:
            settings["AUTH_ADDRESS"] = self._table.contexts["auth"].address
        return {f"TALLY_{context.upper()}_{name}": value for name, value in settings.items()}

    def _stream_key(self) -> str:
        """Encrypts cameras' credentials on their way from the camera context to the worker."""
        return f"local:{self.folder.secret('camera/stream-key')}"

    def _agent_part(self) -> Part:
        address = self._free("agent")
        settings = {
            "TALLY_AGENT_NAME": socket.gethostname(),
            "TALLY_AGENT_CAPACITY": str(self._options.cameras),
            "TALLY_AGENT_LISTEN": address,
            "TALLY_AGENT_POOL_ADDRESS": self.gateway,
            "TALLY_AGENT_API_KEY": self.key("camera-worker"),
            "TALLY_AGENT_NATS_URL": self.nats.url("agent"),
            "TALLY_AGENT_TRITON_ADDRESS": self.triton.address,
            "TALLY_AGENT_RECORDINGS": json.dumps(
                [str(path.resolve()) for path in self._options.recordings]
            ),
            "TALLY_AGENT_SPOOL": str(self.folder.folder("spool")),
            "TALLY_AGENT_STREAM_KEYS": self._stream_key(),
            "TALLY_AGENT_STREAM_NETWORKS": ANY_NETWORK,
            "TALLY_AGENT_METRICS_LISTEN": self._free("agent-metrics"),
        }
        return self._part("agent", "tally.worker.agent", [address], settings)

    def _part(
        self, name: str, module: str, addresses: Sequence[str], settings: dict[str, str]
    ) -> Part:
        probes = [HealthProbe(address) for address in addresses]

        async def healthy() -> bool:
            return all(await asyncio.gather(*(probe() for probe in probes)))

        log = self.folder.log(name)
        command = Command([sys.executable, "-m", module], _inherited_environment() | settings)
        return Part(
            name, addresses[0], ServerProcess(name, command, log, healthy, mend=f"see {log}")
        )


@asynccontextmanager
async def running(options: MeshOptions) -> AsyncIterator[Mesh]:
    """A mesh that runs until the block is left.

    Raises:
        StackError: A part does not start, or another stack uses the data folder.
    """
    folder = DataFolder(options.data)
    with folder.lock():
        await end_leftovers(folder.logs)
        mesh = Mesh(options)
        try:
            await mesh.start()
            yield mesh
        finally:
            await mesh.stop()


def _inherited_environment() -> dict[str, str]:
    """This process's environment without settings of a context that may be meant for another mesh."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TALLY_") or name.startswith("TALLY_LOG_")
    }


async def _together(*starts: Coroutine[None, None, None]) -> None:
    """Start several at once; the first failure ends the others and is raised alone."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
