"""Puts the analytics server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.analytics.adapters.count_audits import PostgresCountAudits
from tally.analytics.adapters.pictures import JetStreamPictures
from tally.analytics.adapters.places import PostgresPlaces
from tally.analytics.adapters.reader import PostgresCountsReader
from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.adapters.visits import PostgresVisitsReader
from tally.analytics.application.command.create_count_audit import CreateCountAudit
from tally.analytics.application.command.follow_cameras import FollowCameras
from tally.analytics.application.command.follow_sites import FollowSites
from tally.analytics.application.command.forget_requests import ForgetRequests
from tally.analytics.application.command.rebuild_rollups import RebuildRollups
from tally.analytics.application.command.record_counts import RecordCounts
from tally.analytics.application.command.record_manual_count import RecordManualCount
from tally.analytics.application.query.get_count_audit import GetCountAudit
from tally.analytics.application.query.get_crossing_picture import GetCrossingPicture
from tally.analytics.application.query.list_count_audits import ListCountAudits
from tally.analytics.application.query.list_crossings import ListCrossings
from tally.analytics.application.query.list_visits import ListVisits
from tally.analytics.application.query.query_dwells import QueryDwells
from tally.analytics.application.query.query_flows import QueryFlows
from tally.analytics.application.query.query_heat_map import QueryHeatMap
from tally.analytics.application.query.query_line_counts import QueryLineCounts
from tally.analytics.application.query.query_zone_counts import QueryZoneCounts
from tally.analytics.application.query.report_accuracy import ReportAccuracy
from tally.analytics.entrypoints.consumers import (
    camera_consumer,
    counting_consumer,
    site_consumer,
)
from tally.analytics.entrypoints.count_audits import CountAuditServicer
from tally.analytics.entrypoints.pictures import PictureServicer
from tally.analytics.entrypoints.servicer import AnalyticsServicer
from tally.analytics.entrypoints.visits import VisitServicer
from tally.analytics.settings import AnalyticsSettings
from tally.api.analytics.v1.analytics_service_pb2_grpc import add_AnalyticsServiceServicer_to_server
from tally.api.analytics.v1.audit_service_pb2_grpc import add_CountAuditServiceServicer_to_server
from tally.api.analytics.v1.picture_service_pb2_grpc import add_PictureServiceServicer_to_server
from tally.api.analytics.v1.visit_service_pb2_grpc import add_VisitServiceServicer_to_server
from tally.kernel.bus import Bus
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.ids import new_id
from tally.kernel.migrations import ensure_tables
from tally.kernel.process import background, repeatedly

FORGET_PERIOD_S = 300.0


@asynccontextmanager
async def analytics_server(
    settings: AnalyticsSettings, *, authenticator: Authenticator | None = None
) -> AsyncIterator[RunningServer]:
    """The analytics context: migrated, storing counts, following cameras and sites, and answering.

    Args:
        settings: Where things are.
        authenticator: Who recognises callers; by default the auth context's keys do.
    """
    url = settings.database_url.get_secret_value()
    await ensure_tables(url, "tally.analytics.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="analytics")
        )
        counts = counting_consumer(bus, RecordCounts(PostgresCountsStore(database)))
        places = PostgresPlaces(database)
        cameras = camera_consumer(bus, FollowCameras(places))
        sites = site_consumer(bus, FollowSites(places))
        audits = PostgresCountAudits(database)
        await stack.enter_async_context(
            background(
                counts.run(),
                cameras.run(),
                sites.run(),
                repeatedly(ForgetRequests(audits, utc_now), FORGET_PERIOD_S),
            )
        )
        reader = PostgresCountsReader(database)
        servicer = AnalyticsServicer(
            QueryLineCounts(reader),
            QueryZoneCounts(reader),
            ListCrossings(reader),
            QueryFlows(reader),
            QueryHeatMap(reader),
        )

        visits_reader = PostgresVisitsReader(database)
        visits = VisitServicer(
            list_visits=ListVisits(visits_reader), query_dwells=QueryDwells(visits_reader)
        )
        pictures = PictureServicer(GetCrossingPicture(reader, JetStreamPictures(bus), utc_now))
        count_audits = CountAuditServicer(
            create=CreateCountAudit(audits, utc_now, new_id),
            record=RecordManualCount(audits, utc_now),
            get=GetCountAudit(audits),
            list_audits=ListCountAudits(audits),
            report=ReportAccuracy(audits),
        )

        def register(server: grpc.aio.Server) -> None:
            add_AnalyticsServiceServicer_to_server(servicer, server)
            add_VisitServiceServicer_to_server(visits, server)
            add_PictureServiceServicer_to_server(pictures, server)
            add_CountAuditServiceServicer_to_server(count_audits, server)

        dependencies = {"postgresql": database.ping, "nats": bus.ping}
        yield await stack.enter_async_context(
            serve("analytics", settings, register, dependencies, authenticator)
        )


async def rebuild_rollups(settings: AnalyticsSettings) -> int:
    """Make the sums again from the stored records; returns how many were wrong."""
    database = Database(settings.database_url.get_secret_value())
    try:
        return await RebuildRollups(PostgresCountsStore(database))()
    finally:
        await database.close()
