"""The gateway that a command speaks to, and what the command shows there: a key, or the session of `tally login`."""

import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import grpc
import typer

from tally.api.auth.v1 import auth_service_pb2
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from tally.cli.credentials import CredentialsFile, Session, stored_sessions
from tally.cli.failing import CommandError, reason_of
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.credentials import ApiKey, Credentials

DEFAULT_GATEWAY = "http://127.0.0.1:8080"
_PORTS = {"http": 80, "https": 443}
PAGE_SIZE = 1000
"""The most that a call lists."""
_MARGIN = timedelta(seconds=30)
"""An access token that ends sooner is renewed first, so that it outlasts the call that shows it."""

GatewayOption = Annotated[
    str,
    typer.Option("--gateway", envvar="TALLY_GATEWAY", metavar="URL", help="Where the gateway is."),
]
CaOption = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        envvar="TALLY_CA",
        metavar="FILE",
        help="PEM file of the authorities to check an https gateway against, instead of the system's; "
        "the one of `tally up` is `tls/authority.pem` in its data folder. Kept by `tally login`.",
    ),
]


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a gateway is.

    Attributes:
        url: `http://host:port` or `https://host:port`.
        ca: PEM file of the authorities to check its certificate against; None: the system's.
    """

    url: str
    ca: Path | None = None

    @classmethod
    def at(cls, text: str, ca: Path | None = None) -> "Gateway":
        """The gateway at a URL as typed.

        Raises:
            typer.BadParameter: The text is no such URL.
        """
        try:
            parts = urlsplit(text.lower())
            usual_port = _PORTS[parts.scheme]
            port = parts.port or usual_port
        except (ValueError, KeyError):
            parts = urlsplit("")
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise typer.BadParameter(
                f"{text!r} is not http://HOST:PORT or https://HOST:PORT", param_hint="--gateway"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(f"{parts.scheme}://{host}:{port}", ca.resolve() if ca else None)

    def connect(self, credentials: Credentials | None = None) -> grpc.aio.Channel:
        """A channel to it.

        Raises:
            OSError: The authorities' file cannot be read.
        """
        scheme, address = self.url.split("://")
        tls = grpc.ssl_channel_credentials(self._roots()) if scheme == "https" else None
        return connect(address, credentials=credentials, tls=tls)

    def _roots(self) -> bytes | None:
        """The authorities' certificates; None leaves it to those that gRPC comes with."""
        system = ssl.get_default_verify_paths().cafile
        file = self.ca or (Path(system) if system else None)
        return file.read_bytes() if file else None


class StoredSession:
    """Shows the stored session's access token, and renews it when it is about to end.

    Several commands at once renew it once: the first does, the others find what it stored.
    """

    def __init__(
        self, channel: grpc.aio.Channel, file: CredentialsFile, url: str, session: Session
    ) -> None:
        self._auth = AuthServiceStub(channel)
        self._file = file
        self._url = url
        self._session = session

    async def token(self) -> str:
        """An access token that holds.

        Raises:
            grpc.aio.AioRpcError: The session is over, or the gateway cannot be reached.
        """
        soon = utc_now() + _MARGIN
        if not self._session.holds(soon):
            async with self._file.changing() as sessions:
                stored = sessions.get(self._url, self._session)
                sessions[self._url] = stored if stored.holds(soon) else await self._renew(stored)
                self._session = sessions[self._url]
        return self._session.access_token

    async def _renew(self, session: Session) -> Session:
        request = auth_service_pb2.RefreshRequest(refresh_token=session.refresh_token)
        asked_at = utc_now()
        return session.model_copy(
            update=stored_tokens((await self._auth.Refresh(request)).tokens, asked_at)
        )


def stored_tokens(tokens: auth_service_pb2.Tokens, asked_at: datetime) -> dict[str, object]:
    """The fields of a session that change with its tokens."""
    return {
        "access_token": tokens.access_token,
        "access_token_ends": asked_at + tokens.access_token_lifetime.ToTimedelta(),
        "refresh_token": tokens.refresh_token,
    }


def logged_in(url: str) -> tuple[Gateway, Session]:
    """The gateway at a URL as typed, as one logged in there, and the session.

    Raises:
        typer.BadParameter: The text is no such URL.
        CommandError: Nobody is logged in there.
    """
    gateway = Gateway.at(url)
    session = stored_sessions().session(gateway.url)
    if session is None:
        option = "" if gateway.url == DEFAULT_GATEWAY else f" --gateway {gateway.url}"
        raise CommandError(f"you are not logged in at {gateway.url}", mend=f"tally login{option}")
    return Gateway(gateway.url, session.ca), session


@asynccontextmanager
async def calling(url: str) -> AsyncIterator[grpc.aio.Channel]:
    """A channel that shows the key in TALLY_API_KEY, else the session at this gateway.

    Args:
        url: The gateway, as typed.

    Raises:
        typer.BadParameter: The text is no such URL.
        CommandError: Nobody is logged in there, or nobody answers.
    """
    async with showing(url) as (gateway, credentials):
        await credentials.token()  # here, so that what goes wrong is told before any call
        async with gateway.connect(credentials) as channel:
            yield channel


@asynccontextmanager
async def showing(url: str) -> AsyncIterator[tuple[Gateway, Credentials]]:
    """The gateway, and what `calling` shows there."""
    key, ca = os.environ.get("TALLY_API_KEY"), os.environ.get("TALLY_CA")
    gateway, session = (Gateway.at(url, Path(ca) if ca else None), None) if key else logged_in(url)
    async with answering(gateway), gateway.connect() as auth:
        if session:
            yield gateway, StoredSession(auth, stored_sessions(), gateway.url, session)
        else:
            yield gateway, ApiKey(auth, key or "")


@asynccontextmanager
async def answering(gateway: Gateway) -> AsyncIterator[None]:
    """Say plainly when the block's calls reach nobody.

    Raises:
        CommandError: They reach nobody.
    """
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE or reason_of(error):
            raise
        raise _unreached(gateway, error) from error


def _unreached(gateway: Gateway, error: grpc.aio.AioRpcError) -> CommandError:
    details = error.details() or ""
    if error.trailing_metadata():  # made by the gateway itself
        return CommandError(
            f"the gateway at {gateway.url} answers, but not the server behind it",
            mend="repeat in a moment; `tally up` shows how its parts do",
        )
    if "CERTIFICATE_VERIFY_FAILED" in details or "handshake" in details.lower():
        return CommandError(
            f"the certificate of {gateway.url} is not trusted",
            mend="tally login --ca FILE, with the authority that issued it; see tally login --help",
        )
    if "refused" in details.lower():
        return CommandError(
            f"nobody answers at {gateway.url}",
            mend="start it with `tally up`, or name another with --gateway or TALLY_GATEWAY",
        )
    return CommandError(
        f"there is no way to {gateway.url}: {details}",
        mend="check host and port, and whether it speaks http or https",
    )


async def pages(method: Callable[[Any], Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
    """The answers of a listing method, a page at a time, to the last."""
    while True:
        answer = await method(request)
        yield answer
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def is_id(text: str) -> bool:
    """Whether the text is an id rather than a name."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
