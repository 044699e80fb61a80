"""Asks an ONVIF device what it is and where its streams are (ONVIF Core and Media Service Specifications)."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import httpx

from tally.kernel.clock import utc_now
from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.onvif.soap import MAX_BYTES, BadMessage, parse, text_of
from tally.worker.agent.sources import Credentials, SourceError, SourceErrorReason
from tally.worker.agent.sources.addresses import allowed_addresses

ANSWER_S = 5.0
"""Within which the device must answer each question."""
ALL_S = 15.0
MAX_PROFILES = 32
MAX_TEXT = 200
MAX_URI = 2_000
MAX_AHEAD = timedelta(days=36_525)
"""A clock that is further off tells nothing; many begin again in 1970."""

_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_SCHEMA = "{http://www.onvif.org/ver10/schema}"
_DEVICE, _MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_DIGEST = f"{_WSSE}-username-token-profile-1.0#PasswordDigest"

_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">{header}<e:Body>{body}</e:Body></e:Envelope>"""
_SECURITY = (
    f'<e:Header><s:Security xmlns:s="{_WSSE}-wssecurity-secext-1.0.xsd" e:mustUnderstand="true"><s:UsernameToken>'
    "<s:Username>{username}</s:Username>"
    f'<s:Password Type="{_DIGEST}">{{digest}}</s:Password><s:Nonce>{{nonce}}</s:Nonce>'
    f'<u:Created xmlns:u="{_WSSE}-wssecurity-utility-1.0.xsd">{{created}}</u:Created>'
    "</s:UsernameToken></s:Security></e:Header>"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream that a device offers.

    Attributes:
        name: What the device calls it.
        uri: Where it is, at the device's own host.
        codec: How its pictures are encoded; empty if unknown.
        width: Of its pictures in pixels; 0 if unknown.
        height: The same.
        frames_per_second: At most; 0 if unknown.
    """

    name: str
    uri: str
    codec: str
    width: int
    height: int
    frames_per_second: float


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of itself; all of it is the device's word."""

    manufacturer: str
    model: str
    firmware: str
    profiles: list[Profile] = field(default_factory=list)


async def describe(
    address: str, credentials: Credentials | None, networks: StreamNetworks
) -> Description:
    """What a device is, and its streams.

    Args:
        address: URL of its device service.
        credentials: Its user, if it asks for one.
        networks: Where devices may be.

    Raises:
        SourceError: It may not be asked, cannot be reached, or does not answer as the standard has it.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(
            SourceErrorReason.INVALID_URI,
            "the address of a device service begins with http:// or https:// and names a host",
        )
    label = f"the device at {parts.hostname}"
    allowed = await asyncio.to_thread(allowed_addresses, address, label, networks)
    try:
        async with asyncio.timeout(ALL_S), _asking(label, credentials, allowed[0]) as asking:
            return await _describe(asking, address)
    except TimeoutError:
        raise SourceError(SourceErrorReason.TIMEOUT, f"{label} takes too long to answer") from None


async def _describe(asking: "_Asking", address: str) -> Description:
    await asking.set_clock(address)
    about = await asking.ask(address, f'<GetDeviceInformation xmlns="{_DEVICE}"/>')
    wanted = f'<GetCapabilities xmlns="{_DEVICE}"><Category>Media</Category></GetCapabilities>'
    capabilities = await asking.ask(address, wanted)
    media = _at_host_of(address, text_of(capabilities, f".//{_SCHEMA}Media/{_SCHEMA}XAddr"))
    if not media:
        raise SourceError(SourceErrorReason.NOT_VIDEO, f"{asking.label} offers no media service")
    found = await asking.ask(media, f'<GetProfiles xmlns="{_MEDIA}"/>')
    profiles = [
        profile
        for element in found.findall(f"{{{_MEDIA}}}Profiles")[:MAX_PROFILES]
        if (profile := await _profile(asking, media, element))
    ]
    return Description(
        _plain(about, f"{{{_DEVICE}}}Manufacturer"),
        _plain(about, f"{{{_DEVICE}}}Model"),
        _plain(about, f"{{{_DEVICE}}}FirmwareVersion"),
        profiles,
    )


async def _profile(asking: "_Asking", media: str, element: Element) -> Profile | None:
    """The stream of a profile; None if it has none."""
    token = element.get("token", "")
    setup = (
        f'<StreamSetup xmlns="{_MEDIA}"><Stream xmlns="{_SCHEMA[1:-1]}">RTP-Unicast</Stream>'
        f'<Transport xmlns="{_SCHEMA[1:-1]}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
    )
    wanted = f"{setup}<ProfileToken>{escape(token)}</ProfileToken>"
    try:
        answer = await asking.ask(media, f'<GetStreamUri xmlns="{_MEDIA}">{wanted}</GetStreamUri>')
    except SourceError as error:
        if error.reason is SourceErrorReason.NOT_VIDEO:
            return None  # a profile without a stream is answered with a fault
        raise
    uri = _at_host_of(media, text_of(answer, f".//{_SCHEMA}Uri"))
    if urlsplit(uri).scheme not in ("rtsp", "rtsps"):
        return None
    encoder = f"{_SCHEMA}VideoEncoderConfiguration"
    resolution = f"{encoder}/{_SCHEMA}Resolution/{_SCHEMA}"
    rate = f"{encoder}/{_SCHEMA}RateControl/{_SCHEMA}FrameRateLimit"
    return Profile(
        _plain(element, f"{_SCHEMA}Name") or token[:MAX_TEXT],
        uri,
        _plain(element, f"{encoder}/{_SCHEMA}Encoding"),
        _number(text_of(element, f"{resolution}Width")),
        _number(text_of(element, f"{resolution}Height")),
        float(_number(text_of(element, rate))),
    )


@dataclass(slots=True)
class _Asking:
    """Questions to one device.

    Attributes:
        label: How messages name it.
        client: Asks, and follows nobody elsewhere.
        credentials: Its user, if it asks for one.
        connect_to: The IP address that was checked.
        ahead: How far its clock is ahead of ours: a digest holds for some seconds of the device's time.
    """

    label: str
    client: httpx.AsyncClient
    credentials: Credentials | None
    connect_to: str
    ahead: timedelta = timedelta()

    async def set_clock(self, address: str) -> None:
        """Ask what time it is there, which needs no user."""
        answer = await self.ask(address, f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>', signed=False)
        utc = answer.find(f".//{_SCHEMA}UTCDateTime")
        if utc is None:
            return
        year, month, day, hour, minute, second = (
            _number(text_of(utc, f"{_SCHEMA}{part}"))
            for part in (
                *(f"Date/{_SCHEMA}{each}" for each in ("Year", "Month", "Day")),
                *(f"Time/{_SCHEMA}{each}" for each in ("Hour", "Minute", "Second")),
            )
        )
        try:
            ahead = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - utc_now()
        except ValueError:
            return  # its clock says nothing, and ours will do
        if abs(ahead) < MAX_AHEAD:
            self.ahead = ahead

    async def ask(self, address: str, body: str, *, signed: bool = True) -> Element:
        """What a question is answered with.

        Raises:
            SourceError: There is no answer.
        """
        header = self._security() if signed and self.credentials else ""
        message = _ENVELOPE.format(header=header, body=body)
        url = httpx.URL(address)
        headers = {
            "Host": url.netloc.decode(),
            "Content-Type": "application/soap+xml; charset=utf-8",
            "Accept-Encoding": "identity",
        }
        # To the address that was checked: no certificate would tell that the name leads elsewhere by now.
        here = url.copy_with(host=self.connect_to)
        names = {"sni_hostname": url.raw_host.decode()}
        try:
            answer = await self.client.post(
                here, content=message, headers=headers, extensions=names
            )
        except _SaysTooMuch:
            raise self._failed(SourceErrorReason.NOT_VIDEO, "says too much") from None
        except httpx.TimeoutException:
            raise self._failed(SourceErrorReason.TIMEOUT, "does not answer in time") from None
        except httpx.HTTPError:
            raise self._failed(SourceErrorReason.UNREACHABLE, "cannot be reached") from None
        except (KeyError, NotImplementedError, ValueError):  # what httpx makes of strange digests
            raise self._failed(SourceErrorReason.NOT_VIDEO, "asks for an unknown digest") from None
        return self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, data: bytes) -> Element:
        if status in (401, 403) or b"NotAuthorized" in data:
            given = "refuses this user or password" if self.credentials else "asks for a user"
            raise self._failed(SourceErrorReason.UNAUTHORIZED, given)
        if status == 404:
            raise self._failed(SourceErrorReason.NOT_FOUND, "has no ONVIF service at this path")
        try:
            body = parse(data).find(f"{_SOAP}Body")
        except BadMessage:
            body = None
        if body is None or not len(body) or body.find(f"{_SOAP}Fault") is not None:
            raise self._failed(SourceErrorReason.NOT_VIDEO, "does not answer as ONVIF devices do")
        return body[0]

    def _security(self) -> str:
        """A UsernameToken with a password digest (WS-Security UsernameToken Profile 1.0, section 3.1)."""
        assert self.credentials is not None  # noqa: S101 - who asks has looked
        nonce, created = secrets.token_bytes(16), f"{utc_now() + self.ahead:%Y-%m-%dT%H:%M:%SZ}"
        digest = hashlib.sha1(  # noqa: S324 - the standard has no other
            nonce + created.encode() + self.credentials.password.encode()
        ).digest()
        return _SECURITY.format(
            username=escape(self.credentials.username),
            digest=base64.b64encode(digest).decode(),
            nonce=base64.b64encode(nonce).decode(),
            created=created,
        )

    def _failed(self, reason: SourceErrorReason, what: str) -> SourceError:
        return SourceError(reason, f"{self.label} {what}")


class _SaysTooMuch(Exception):
    """An answer is longer than any that the standard knows."""


class _Bounded(httpx.AsyncHTTPTransport):
    """Takes no more than `MAX_BYTES` of an answer, as they come: compressed ones could expand to gigabytes.

    Also of the answers that httpx reads by itself, before it tries again with a digest.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer, data = await super().handle_async_request(request), b""
        try:
            async for piece in answer.aiter_raw():
                data += piece
                if len(data) > MAX_BYTES:
                    raise _SaysTooMuch
        finally:
            await answer.aclose()
        answer.headers.pop("Content-Encoding", None)
        return httpx.Response(answer.status_code, headers=answer.headers, content=data)


@asynccontextmanager
async def _asking(
    label: str, credentials: Credentials | None, connect_to: str
) -> AsyncIterator[_Asking]:
    # Some devices want HTTP's digest instead of the standard's own.
    digest = httpx.DigestAuth(credentials.username, credentials.password) if credentials else None
    async with httpx.AsyncClient(
        auth=digest,
        timeout=ANSWER_S,
        follow_redirects=False,
        trust_env=False,
        transport=_Bounded(verify=False),  # devices sign their own certificates
    ) as client:
        yield _Asking(label, client, credentials, connect_to)


def _at_host_of(address: str, told: str) -> str:
    """What a device told, at the host where it was asked; empty if it is no address.

    Behind a router devices tell addresses of their own network, and a device that is up to no good could name another
    to have that sent the credentials.
    """
    try:
        parts, host = urlsplit(told), urlsplit(address).hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return ""
    if not parts.scheme or not told.isprintable() or not told.isascii() or " " in told:
        return ""
    if len(told) > MAX_URI:
        return ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{host}{port}"))


def _plain(element: Element, path: str) -> str:
    return "".join(each for each in text_of(element, path) if each.isprintable())[:MAX_TEXT]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("100000") else 0
