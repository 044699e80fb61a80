"""Puts the pool's server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.api.worker.v1.scaling_service_pb2_grpc import add_ScalingServiceServicer_to_server
from tally.api.worker.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server
from tally.kernel.audit import OutboxTrail
from tally.kernel.bus import TASKS, Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.ids import new_id
from tally.kernel.migrations import ensure_tables
from tally.kernel.outbox import OutboxRelay
from tally.kernel.process import background, repeatedly
from tally.kernel.republishing import Republisher
from tally.worker.adapters.offering import refill_outbox
from tally.worker.adapters.tables import outbox, sent_to
from tally.worker.adapters.unit_of_work import units_of_work
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.application.command.change_admission import ChangeAdmission
from tally.worker.application.command.deregister_worker import DeregisterWorker
from tally.worker.application.command.follow_cameras import FollowCameras
from tally.worker.application.command.register_worker import RegisterWorker
from tally.worker.application.command.renew_lease import RenewLease
from tally.worker.application.command.report_models import ReportModels
from tally.worker.application.command.sweep_leases import SweepLeases
from tally.worker.application.query.get_scaling import GetScaling
from tally.worker.application.query.get_worker import GetWorker
from tally.worker.application.query.list_workers import ListWorkers
from tally.worker.application.query.watch_assignments import WatchAssignments
from tally.worker.entrypoints.consumers import camera_consumer
from tally.worker.entrypoints.scaling import ScalingServicer, keep_measuring
from tally.worker.entrypoints.servicer import WorkerServicer
from tally.worker.settings import WorkerSettings
from tally.worker.task_server import TaskServer

SWEEP_PERIOD_S = 1.0
"""Dead workers are noticed after this long at the latest."""


@asynccontextmanager
async def worker_server(
    settings: WorkerSettings,
    *,
    clock: Clock = utc_now,
    authenticator: Authenticator | None = None,
) -> AsyncIterator[RunningServer]:
    """The pool: migrated, serving, following cameras and publishing who holds them.

    Args:
        settings: Where things are.
        clock: Decides which workers live.
        authenticator: Who recognises callers; by default the auth context's keys do.
    """
    url = settings.database_url.get_secret_value()
    await ensure_tables(url, "tally.worker.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="worker")
        )
        begin = units_of_work(database)
        changes = Changes()
        assign = Assigning(clock, settings.lease)
        republisher = Republisher(database, sent_to, bus, TASKS, refill_outbox)
        tasks = TaskServer(begin, clock)
        get_scaling = GetScaling(begin, clock, settings.target_utilisation)
        await stack.enter_async_context(
            background(
                OutboxRelay(database, outbox, bus, prepare=republisher).run(),
                camera_consumer(bus, FollowCameras(begin, clock, changes, assign)).run(),
                repeatedly(SweepLeases(begin, clock, changes, assign), SWEEP_PERIOD_S),
                keep_measuring(get_scaling),
                *tasks.jobs(),
            )
        )
        servicer = WorkerServicer(
            register_worker=RegisterWorker(begin, clock, new_id, settings.lease, changes, assign),
            renew_lease=RenewLease(begin, clock, settings.lease),
            report_models=ReportModels(begin, clock),
            watch_assignments=WatchAssignments(begin, clock, changes),
            deregister_worker=DeregisterWorker(begin, clock, changes, assign),
            change_admission=ChangeAdmission(begin, clock, changes, assign),
            get_worker=GetWorker(begin, clock),
            list_workers=ListWorkers(begin, clock),
            clock=clock,
        )

        def register(server: grpc.aio.Server) -> None:
            add_WorkerServiceServicer_to_server(servicer, server)
            add_ScalingServiceServicer_to_server(ScalingServicer(get_scaling), server)
            tasks.register(server)

        dependencies = {"postgresql": database.ping, "nats": bus.ping}
        yield await stack.enter_async_context(
            serve(
                "worker",
                settings,
                register,
                dependencies,
                authenticator,
                OutboxTrail(database, outbox, "worker"),
            )
        )
