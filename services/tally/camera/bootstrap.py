"""Puts the camera server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.api.camera.v1.ai_model_service_pb2_grpc import add_AiModelServiceServicer_to_server
from tally.api.camera.v1.area_service_pb2_grpc import add_AreaServiceServicer_to_server
from tally.api.camera.v1.camera_admin_service_pb2_grpc import (
    add_CameraAdminServiceServicer_to_server,
)
from tally.api.camera.v1.camera_service_pb2_grpc import add_CameraServiceServicer_to_server
from tally.api.camera.v1.model_switch_service_pb2_grpc import (
    add_ModelSwitchServiceServicer_to_server,
)
from tally.api.camera.v1.provisioning_service_pb2_grpc import (
    add_ProvisioningServiceServicer_to_server,
)
from tally.api.camera.v1.site_service_pb2_grpc import add_SiteServiceServicer_to_server
from tally.api.camera.v1.status_service_pb2_grpc import add_StatusServiceServicer_to_server
from tally.api.camera.v1.stream_service_pb2_grpc import add_StreamServiceServicer_to_server
from tally.camera.adapters.notifier import GrpcNotifier
from tally.camera.adapters.refill import refill_outbox
from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.adapters.tables import outbox, sagas, sent_to
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.adapters.workers import NatsWorkers
from tally.camera.application.command.abandon_saga import AbandonSaga, AbandonSagaHandler
from tally.camera.application.command.activate_camera import ActivateCamera, ActivateCameraHandler
from tally.camera.application.command.check_switch import CheckSwitch, CheckSwitchHandler
from tally.camera.application.command.create_area import CreateArea, CreateAreaHandler
from tally.camera.application.command.create_camera import CreateCamera, CreateCameraHandler
from tally.camera.application.command.create_site import CreateSite, CreateSiteHandler
from tally.camera.application.command.deactivate_camera import (
    DeactivateCamera,
    DeactivateCameraHandler,
)
from tally.camera.application.command.delete_area import DeleteArea, delete_area
from tally.camera.application.command.delete_camera import DeleteCamera, DeleteCameraHandler
from tally.camera.application.command.delete_site import DeleteSite, DeleteSiteHandler
from tally.camera.application.command.forget_requests import ForgetRequests, ForgetRequestsHandler
from tally.camera.application.command.provision_camera import (
    ProvisionCamera,
    ProvisionCameraHandler,
)
from tally.camera.application.command.rebuild_read_model import RebuildReadModel, rebuild_read_model
from tally.camera.application.command.record_models import RecordModels, record_models
from tally.camera.application.command.record_stream_status import (
    RecordStreamStatus,
    RecordStreamStatusHandler,
)
from tally.camera.application.command.reseal_camera import ResealCamera, ResealCameraHandler
from tally.camera.application.command.retry_saga import RetrySaga, RetrySagaHandler
from tally.camera.application.command.roll_back_switch import (
    RollBackSwitch,
    RollBackSwitchHandler,
)
from tally.camera.application.command.switch_model import SwitchModel, SwitchModelHandler
from tally.camera.application.command.update_area import UpdateArea, UpdateAreaHandler
from tally.camera.application.command.update_camera import UpdateCamera, UpdateCameraHandler
from tally.camera.application.command.update_site import UpdateSite, UpdateSiteHandler
from tally.camera.application.query.count_cameras import CountCameras, count_cameras
from tally.camera.application.query.describe_device import DescribeDevice
from tally.camera.application.query.discover_cameras import DiscoverCameras
from tally.camera.application.query.get_area import GetArea, get_area
from tally.camera.application.query.get_camera import GetCamera, get_camera
from tally.camera.application.query.get_saga import GetSaga, get_saga
from tally.camera.application.query.get_site import GetSite, get_site
from tally.camera.application.query.get_snapshot import GetSnapshot
from tally.camera.application.query.get_switch import GetSwitch, get_switch
from tally.camera.application.query.list_ai_models import ListAiModels, ListAiModelsHandler
from tally.camera.application.query.list_areas import ListAreas, list_areas
from tally.camera.application.query.list_camera_events import ListCameraEvents, list_camera_events
from tally.camera.application.query.list_cameras import ListCameras, list_cameras
from tally.camera.application.query.list_sagas import ListSagas, list_sagas
from tally.camera.application.query.list_sealed_cameras import (
    ListSealedCameras,
    list_sealed_cameras,
)
from tally.camera.application.query.list_sites import ListSites, list_sites
from tally.camera.application.query.list_statuses import ListStatuses, list_statuses
from tally.camera.application.query.list_switches import ListSwitches, list_switches
from tally.camera.application.query.probe_stream import ProbeStream
from tally.camera.application.saga.provisioning import Provisioning
from tally.camera.application.saga.switch_watch import SwitchWatch
from tally.camera.application.status_board import StatusBoard
from tally.camera.domain.ports import Begin, Sealer, UnitOfWork
from tally.camera.entrypoints.admin import CameraAdminServicer
from tally.camera.entrypoints.ai_models import AiModelServicer, models_consumer
from tally.camera.entrypoints.areas import AreaServicer
from tally.camera.entrypoints.consumers import stream_status_consumer
from tally.camera.entrypoints.gauges import tell_of_cameras
from tally.camera.entrypoints.model_switches import ModelSwitchServicer
from tally.camera.entrypoints.provisioning import ProvisioningServicer
from tally.camera.entrypoints.servicer import CameraServicer
from tally.camera.entrypoints.sites import SiteServicer
from tally.camera.entrypoints.statuses import StatusServicer
from tally.camera.entrypoints.streams import StreamServicer
from tally.camera.settings import CameraSettings
from tally.kernel.audit import OutboxTrail
from tally.kernel.bus import CAMERA, Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.access import current_actor
from tally.kernel.grpc.client import connect_with_key
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.ids import new_id
from tally.kernel.message_bus import MessageBus
from tally.kernel.migrations import ensure_tables
from tally.kernel.outbox import OutboxRelay
from tally.kernel.process import background, repeatedly
from tally.kernel.republishing import Republisher
from tally.kernel.saga import SagaRunner
from tally.kernel.stream_address import StreamNetworks

FORGET_PERIOD_S = 300.0
TELL_PERIOD_S = 60.0


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
        sealer = KeyRingSealer(keys)
        use_cases = message_bus(units_of_work(database, current_actor), clock, sealer, networks)
        workers = NatsWorkers(bus)
        streams = StreamServicer(
            probe_stream=ProbeStream(use_cases, workers, sealer, networks, new_id),
            discover_cameras=DiscoverCameras(workers),
            describe_device=DescribeDevice(workers, sealer, networks, new_id),
            get_snapshot=GetSnapshot(use_cases, workers),
        )
        republisher = Republisher(database, sent_to, bus, CAMERA, refill_outbox)
        relay = OutboxRelay(database, outbox, bus, prepare=republisher)
        board = StatusBoard(lambda: use_cases.execute(ListStatuses()))
        consumer = stream_status_consumer(bus, use_cases)
        notifications = await stack.enter_async_context(
            connect_with_key(
                settings.notification_address,
                settings.api_key.get_secret_value(),
                auth_address=settings.auth_address,
            )
        )
        notifier = GrpcNotifier(notifications)
        provisioning = Provisioning(use_cases, notifier).plan
        plans = {plan.kind: plan for plan in (provisioning, SwitchWatch(use_cases, notifier).plan)}
        saga_runner = SagaRunner(database, sagas, plans, clock)
        await stack.enter_async_context(
            background(
                relay.run(),
                consumer.run(),
                models_consumer(bus, use_cases).run(),
                board.run(),
                saga_runner.run(),
                repeatedly(lambda: use_cases.execute(ForgetRequests()), FORGET_PERIOD_S),
                repeatedly(lambda: tell_of_cameras(use_cases), TELL_PERIOD_S),
            )
        )

        def register(server: grpc.aio.Server) -> None:
            add_CameraServiceServicer_to_server(CameraServicer(use_cases), server)
            add_SiteServiceServicer_to_server(SiteServicer(use_cases), server)
            add_AreaServiceServicer_to_server(AreaServicer(use_cases), server)
            add_CameraAdminServiceServicer_to_server(CameraAdminServicer(use_cases), server)
            add_StreamServiceServicer_to_server(streams, server)
            add_ProvisioningServiceServicer_to_server(
                ProvisioningServicer(use_cases, [step.name for step in provisioning.steps]), server
            )
            add_ModelSwitchServiceServicer_to_server(ModelSwitchServicer(use_cases), server)
            add_AiModelServiceServicer_to_server(AiModelServicer(use_cases), server)
            add_StatusServiceServicer_to_server(StatusServicer(use_cases, board), server)

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


def message_bus(
    begin: Begin, clock: Clock, sealer: Sealer, networks: StreamNetworks
) -> MessageBus[UnitOfWork]:
    """Every command and query of the context, with the use case that handles it.

    Args:
        begin: Opens units of work.
        clock: Stamps what happens.
        sealer: Encrypts what cameras ask for.
        networks: Where cameras may be.
    """
    create_camera = CreateCameraHandler(clock, sealer, networks, new_id)
    return MessageBus(
        begin,
        (
            CreateCamera.handled_by(create_camera),
            ProvisionCamera.handled_by(ProvisionCameraHandler(create_camera, clock, new_id)),
            UpdateCamera.handled_by(UpdateCameraHandler(clock, sealer, networks)),
            DeleteCamera.handled_by(DeleteCameraHandler(clock)),
            ActivateCamera.handled_by(ActivateCameraHandler(clock)),
            DeactivateCamera.handled_by(DeactivateCameraHandler(clock)),
            RecordModels.handled_by(record_models),
            RecordStreamStatus.handled_by(RecordStreamStatusHandler(clock)),
            ResealCamera.handled_by(ResealCameraHandler(clock, sealer)),
            RebuildReadModel.handled_by(rebuild_read_model),
            ForgetRequests.handled_by(ForgetRequestsHandler(clock)),
            RetrySaga.handled_by(RetrySagaHandler(clock)),
            AbandonSaga.handled_by(AbandonSagaHandler(clock)),
            SwitchModel.handled_by(SwitchModelHandler(clock, new_id)),
            CheckSwitch.handled_by(CheckSwitchHandler(clock)),
            RollBackSwitch.handled_by(RollBackSwitchHandler(clock)),
            GetSwitch.handled_by(get_switch),
            ListSwitches.handled_by(list_switches),
            GetSaga.handled_by(get_saga),
            ListSagas.handled_by(list_sagas),
            GetCamera.handled_by(get_camera),
            ListCameras.handled_by(list_cameras),
            CountCameras.handled_by(count_cameras),
            ListCameraEvents.handled_by(list_camera_events),
            ListSealedCameras.handled_by(list_sealed_cameras),
            CreateSite.handled_by(CreateSiteHandler(clock, new_id)),
            UpdateSite.handled_by(UpdateSiteHandler(clock)),
            DeleteSite.handled_by(DeleteSiteHandler(clock)),
            GetSite.handled_by(get_site),
            ListStatuses.handled_by(list_statuses),
            ListSites.handled_by(list_sites),
            CreateArea.handled_by(CreateAreaHandler(clock, new_id)),
            UpdateArea.handled_by(UpdateAreaHandler(clock)),
            DeleteArea.handled_by(delete_area),
            GetArea.handled_by(get_area),
            ListAiModels.handled_by(ListAiModelsHandler(clock)),
            ListAreas.handled_by(list_areas),
        ),
    )


@asynccontextmanager
async def maintenance(settings: CameraSettings) -> AsyncIterator[MessageBus[UnitOfWork]]:
    """The context's use cases without its server, for who maintains it; both may run at the same time."""
    database = Database(settings.database_url.get_secret_value())
    sealer = KeyRingSealer(settings.key_ring())
    try:
        yield message_bus(units_of_work(database), utc_now, sealer, settings.networks())
    finally:
        await database.close()
