"""Envoy from its wheel."""

import asyncio
import os
from importlib.resources import files
from pathlib import Path

import yaml

from gateway_envoy import Gateway, Tls, load_table, render
from tally.kernel.contracts import IMAGE
from tally.stack.certificates import development_certificate
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, free_ports
from tally.stack.probe import first_line
from tally.stack.process import Command, ServerProcess

_BINARY = Path(str(files("envoy"))) / "_bin" / "envoy"
_READY_REQUEST = b"GET /ready HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n"


class EnvoyServer:
    """The gateway.

    Attributes:
        process: The running server.
        gateway: What it was rendered from.
    """

    def __init__(self, folder: DataFolder, gateway: Gateway) -> None:
        self.gateway = gateway
        self._configuration = folder.root / "envoy.yaml"
        self.process = ServerProcess(
            "envoy",
            Command(
                [
                    str(_BINARY), "-c", str(self._configuration), "--disable-hot-restart",
                    "--concurrency", "2", "--log-level", "warning", "--drain-time-s", "1",
                    "--file-flush-interval-msec", "1000",
                ],
                {"PATH": os.environ.get("PATH", "")},
            ),
            folder.log("envoy"),
            self._answers,
            mend=f"is something else listening on {gateway.listen}? Choose another port with --port",
        )  # fmt: skip

    async def start(self) -> None:
        """Write the configuration, check it, start the server.

        Raises:
            StackError: The configuration is refused or the server does not start.
        """
        self._configuration.write_text(yaml.safe_dump(render(self.gateway), sort_keys=False))
        reason = await validate(self._configuration)
        if reason:
            raise StackError(
                f"Envoy refuses {self._configuration}: {reason}",
                mend="run `make generate`; if that does not help, the contracts and the table disagree",
            )
        await self.process.start()

    async def stop(self) -> None:
        """Stop the server."""
        await self.process.stop()

    async def _answers(self) -> bool:
        return b" 200 " in await first_line(self.gateway.admin, _READY_REQUEST)


def private_gateway(folder: DataFolder, **changes: object) -> Gateway:
    """The committed table on free loopback ports, for a gateway that nobody else should meet."""
    listen, tls, admin = (f"127.0.0.1:{port}" for port in free_ports(3))
    certificate = development_certificate(folder)
    own: dict[str, object] = {
        "listen": listen,
        "tls": Tls(listen=tls, certificate=str(certificate.chain), key=str(certificate.key)),
        "admin": admin,
        "contracts": str(IMAGE),
    }
    return load_table().changed(**own | changes)


async def validate(configuration: Path) -> str:
    """Why Envoy would refuse the configuration; empty if it would not."""
    process = await asyncio.create_subprocess_exec(
        str(_BINARY), "--mode", "validate", "-c", str(configuration), "--log-level", "critical",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, output = await process.communicate()
    return output.decode(errors="replace").strip() if process.returncode else ""
