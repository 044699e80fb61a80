"""Puts the camera server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.api.camera.v1.camera_service_pb2_grpc import add_CameraServiceServicer_to_server
from tally.api.camera.v1.site_service_pb2_grpc import add_SiteServiceServicer_to_server
from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.adapters.tables import outbox
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.create_site import CreateSite
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.delete_site import DeleteSite
from tally.camera.application.command.forget_requests import ForgetRequests
from tally.camera.application.command.rebuild_read_model import RebuildReadModel
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.command.reseal_credentials import ResealCredentials
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.command.update_site import UpdateSite
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.get_site import GetSite
from tally.camera.application.query.list_camera_events import ListCameraEvents
from tally.camera.application.query.list_cameras import ListCameras
from tally.camera.application.query.list_sites import ListSites
from tally.camera.domain.ports import Begin, Sealer
from tally.camera.entrypoints.consumers import stream_status_consumer
from tally.camera.entrypoints.servicer import CameraServicer
from tally.camera.entrypoints.sites import SiteServicer
from tally.camera.settings import CameraSettings
from tally.kernel.audit import OutboxTrail
from tally.kernel.bus import Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.access import current_actor
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.ids import new_id
from tally.kernel.migrations import ensure_tables
from tally.kernel.outbox import OutboxRelay
from tally.kernel.process import background, repeatedly
from tally.kernel.stream_address import StreamNetworks

FORGET_PERIOD_S = 300.0


@asynccontextmanager
async def camera_server(
    settings: CameraSettings,
    *,
    clock: Clock = utc_now,
    authenticator: Authenticator | None = None,
) -> AsyncIterator[RunningServer]:
    """The camera context: migrated, serving, publishing its events and following the workers'.

    Args:
        settings: Where things are.
        clock: Stamps what happens.
        authenticator: Who recognises callers; by default the auth context's keys do.
    """
    url = settings.database_url.get_secret_value()
    keys, networks = settings.key_ring(), settings.networks()
    await ensure_tables(url, "tally.camera.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="camera")
        )
        begin = units_of_work(database, current_actor)
        relay = OutboxRelay(database, outbox, bus)
        consumer = stream_status_consumer(bus, RecordStreamStatus(begin))
        await stack.enter_async_context(
            background(
                relay.run(),
                consumer.run(),
                repeatedly(ForgetRequests(begin, clock), FORGET_PERIOD_S),
            )
        )
        cameras = _cameras(begin, clock, KeyRingSealer(keys), networks)
        sites = _sites(begin, clock)

        def register(server: grpc.aio.Server) -> None:
            add_CameraServiceServicer_to_server(cameras, server)
            add_SiteServiceServicer_to_server(sites, server)

        dependencies = {"postgresql": database.ping, "nats": bus.ping}
        yield await stack.enter_async_context(
            serve(
                "camera",
                settings,
                register,
                dependencies,
                authenticator,
                OutboxTrail(database, outbox, "camera"),
            )
        )


async def rebuild_read_model(settings: CameraSettings) -> Sequence[str]:
    """Make the read model again from the events; returns the ids of the cameras that it held wrongly."""
    database = Database(settings.database_url.get_secret_value())
    try:
        return await RebuildReadModel(units_of_work(database))()
    finally:
        await database.close()


async def reseal_credentials(settings: CameraSettings) -> Sequence[str]:
    """Have all credentials sealed with the first key; returns the ids of the cameras whose were not."""
    sealer = KeyRingSealer(settings.key_ring())
    database = Database(settings.database_url.get_secret_value())
    try:
        return await ResealCredentials(units_of_work(database), utc_now, sealer)()
    finally:
        await database.close()


def _cameras(
    begin: Begin, clock: Clock, sealer: Sealer, networks: StreamNetworks
) -> CameraServicer:
    return CameraServicer(
        create_camera=CreateCamera(begin, clock, sealer, networks, new_id),
        get_camera=GetCamera(begin),
        list_camera_events=ListCameraEvents(begin),
        list_cameras=ListCameras(begin),
        update_camera=UpdateCamera(begin, clock, sealer, networks),
        delete_camera=DeleteCamera(begin, clock),
        activate_camera=ActivateCamera(begin, clock),
        deactivate_camera=DeactivateCamera(begin, clock),
    )


def _sites(begin: Begin, clock: Clock) -> SiteServicer:
    return SiteServicer(
        create_site=CreateSite(begin, clock, new_id),
        get_site=GetSite(begin),
        list_sites=ListSites(begin),
        update_site=UpdateSite(begin, clock),
        delete_site=DeleteSite(begin, clock),
    )
