"""NATS with JetStream from its wheel: one user for each context, allowed its own subjects only."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from tally.kernel.bus.nats import inbox_prefix
from tally.kernel.bus.requests import request_subject
from tally.kernel.bus.streams import (
    AUDIT,
    CAMERA,
    COUNTING,
    PICTURES,
    STREAMS,
    TASKS,
    WORKER,
    Stream,
)
from tally.stack.folder import DataFolder
from tally.stack.probe import first_line
from tally.stack.process import Command, ServerProcess

_BINARY = Path(sys.prefix) / "bin" / "nats-server"

PUBLISHES: Mapping[str, Sequence[str]] = {
    "auth": ("tally.auth.v1.>",),
    "camera": ("tally.camera.v1.>", "tally.audit.v1.camera"),
    "worker": ("tally.worker.v1.>", "tally.task.v1.>", "tally.audit.v1.worker"),
    "agent": ("tally.counting.v1.>", "tally.picture.v1.>"),
    "analytics": (),
    "notification": ("tally.audit.v1.notification",),
    "realtime": (),
}
"""Event subjects that each user may publish to, beside its own dead letters."""

READS: Mapping[str, Sequence[Stream]] = {
    "auth": (AUDIT,),
    "camera": (WORKER,),
    "worker": (CAMERA,),
    "agent": (),
    "analytics": (COUNTING, CAMERA),
    "notification": (),
    "realtime": (COUNTING,),
}
"""Streams that each user may read. What is in others may let it become somebody else: AUTH carries people's tokens."""

TAKES: Mapping[str, Sequence[Stream]] = {"agent": (TASKS,)}
"""Work queues that users may take work off: what one of them has done, no other gets."""

LOOKS_UP: Mapping[str, Sequence[Stream]] = {"analytics": (PICTURES,)}
"""Streams whose messages users may look up one by one, by their subjects."""

_WORKERS = request_subject("worker", "v1", ">")

ASKS: Mapping[str, Sequence[str]] = {"camera": (_WORKERS,)}
"""Subjects that users may send requests to."""

ANSWERS: Mapping[str, Sequence[str]] = {"agent": (_WORKERS,)}
"""Subjects whose requests users may answer: each once, where it says, and nowhere else."""

_JETSTREAM = (
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.*",
    # By name: a stream of one's own could copy others.
    *(f"$JS.API.STREAM.CREATE.{stream.name}" for stream in STREAMS),
)
"""What everybody may do: make the streams that are missing. Changing and emptying them is the operator's."""
_READING = (
    "$JS.API.CONSUMER.*.{stream}",
    "$JS.API.CONSUMER.*.{stream}.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.{stream}.>",
    "$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
    "$JS.ACK.{stream}.>",
)
_TAKING = (
    "$JS.API.CONSUMER.CREATE.{stream}.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.{stream}.>",
    "$JS.API.CONSUMER.INFO.{stream}.*",
    "$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
    "$JS.ACK.{stream}.>",
)
_ADMIN = "stack"


class NatsServer:
    """A NATS server on loopback. Its JetStream syncs to disk before it acknowledges.

    Attributes:
        process: The running server.
        port: Its loopback port.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self.port = folder.port("nats")
        self._configuration = folder.root / "nats.conf"
        self.process = ServerProcess(
            "nats",
            Command(
                [str(_BINARY), "--config", str(self._configuration)],
                {"PATH": os.environ.get("PATH", "")},
            ),
            folder.log("nats"),
            self._answers,
            mend=f"see the log; if the store is damaged, remove {folder.root / 'nats'}",
        )

    async def start(self) -> None:
        """Write the configuration and start the server.

        Raises:
            StackError: It does not start.
        """
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(self._render())
        await self.process.start()

    async def stop(self) -> None:
        """Stop the server."""
        await self.process.stop()

    def url(self, user: str) -> str:
        """URL for one of the users: a context, or `stack`, which may do everything."""
        password = quote(self._folder.secret(f"nats/{user}"))
        return f"nats://{user}:{password}@127.0.0.1:{self.port}"

    def _render(self) -> str:
        users = "\n".join(self._user(user, subjects) for user, subjects in PUBLISHES.items())
        return f"""\
listen: "127.0.0.1:{self.port}"
server_name: tally
jetstream {{
  store_dir: "{self._folder.folder("nats")}"
  sync_interval: always
}}
authorization {{
  users = [
    {{user: "{_ADMIN}", password: "{self._folder.secret(f"nats/{_ADMIN}")}"}}
{users}
  ]
}}
"""

    def _user(self, user: str, subjects: Sequence[str]) -> str:
        reading = (each.format(stream=stream.name) for stream in READS[user] for each in _READING)
        taking = (
            each.format(stream=stream.name) for stream in TAKES.get(user, ()) for each in _TAKING
        )
        looked_up = (
            f"$JS.API.DIRECT.GET.{stream.name}.{stream.subject('>')}"
            for stream in LOOKS_UP.get(user, ())
        )
        published = (
            *subjects,
            *ASKS.get(user, ()),
            f"tally.dead.{user}.>",
            *_JETSTREAM,
            *reading,
            *taking,
            *looked_up,
        )
        answered = ANSWERS.get(user, ())
        permissions = [
            f"publish: {{allow: {_list(published)}}}",
            f"subscribe: {{allow: {_list((inbox_prefix(user) + '.>', *answered))}}}",
            *(["allow_responses: true"] if answered else []),
        ]
        password = self._folder.secret(f"nats/{user}")
        return (
            f'    {{user: "{user}", password: "{password}", '
            f"permissions: {{{', '.join(permissions)}}}}}"
        )

    async def _answers(self) -> bool:
        return b'"jetstream":true' in await first_line(f"127.0.0.1:{self.port}")


def _list(subjects: Iterable[str]) -> str:
    quoted = ", ".join(f'"{each}"' for each in subjects)
    return f"[{quoted}]"
