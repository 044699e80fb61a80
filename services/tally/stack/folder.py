"""The data folder of one stack: where everything lives, and the lock that keeps a second stack out."""

import fcntl
import json
import random
import secrets
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from tally.stack.errors import StackError

_PORTS = range(15000, 32000)
"""Below the range that Linux hands to outgoing connections: there, a client that keeps asking for a server
that is down can be given the server's own port, connect to itself, and keep the server from coming back."""


class DataFolder:
    """Paths, remembered ports and secrets of one stack. Readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def folder(self, name: str) -> Path:
        """The sub-folder `name`, made if it is missing."""
        path = self.root / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    @property
    def logs(self) -> Path:
        """Where the processes log to."""
        return self.folder("logs")

    def log(self, name: str) -> Path:
        """Where the process `name` logs to."""
        return self.logs / f"{name}.log"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; the kernel lets go of it even if this process is killed.

        Raises:
            StackError: Another stack holds it.
        """
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StackError(
                    f"another stack is using {self.root}",
                    mend="stop it, or choose another folder with --data",
                ) from error
            yield

    def port(self, name: str) -> int:
        """The loopback port of `name`: the same as last time if it is still free, else another free one."""
        ports = self._read("ports")
        port = ports.get(name)
        if not isinstance(port, int) or not is_free(port):
            port = free_port({each for each in ports.values() if isinstance(each, int)})
            self._write("ports", ports | {name: port})
        return port

    def secret(self, name: str) -> str:
        """The password of `name`, made at its first use."""
        known = self._read("secrets")
        secret = known.get(name)
        if not isinstance(secret, str):
            secret = secrets.token_urlsafe(24)
            self._write("secrets", known | {name: secret})
        return secret

    def first_time(self, deed: str) -> bool:
        """Whether nobody has asked about `deed` before; for what is to be done once in the life of the folder."""
        done = self._read("done")
        self._write("done", done | {deed: True})
        return deed not in done

    def _read(self, name: str) -> dict[str, object]:
        path = self.root / f"{name}.json"
        if not path.exists():
            return {}
        content: dict[str, object] = json.loads(path.read_text())
        return content

    def _write(self, name: str, content: dict[str, object]) -> None:
        path = self.root / f"{name}.json"
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(content, indent=1, sort_keys=True))
        fresh.replace(path)


def free_port(taken: Collection[int] = ()) -> int:
    """A loopback port that nobody listens on.

    Args:
        taken: Ports that were given away already, though nobody listens on them yet.
    """
    # One behind the other: of stacks that choose at the same moment, scattered ports would often meet.
    anywhere = random.choice(_PORTS)  # noqa: S311 - spreads stacks over the range, hides nothing
    start = max((port + 1 for port in taken if port in _PORTS), default=anywhere)
    candidates = chain(range(start, _PORTS.stop), _PORTS)
    return next(port for port in candidates if port not in taken and is_free(port))


def free_ports(count: int) -> list[int]:
    """Different loopback ports that nobody listens on."""
    ports: list[int] = []
    while len(ports) < count:
        ports.append(free_port(ports))
    return ports


def is_free(port: int) -> bool:
    """Whether nobody listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
