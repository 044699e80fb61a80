"""Tells of the sites that were there before changes of sites were told."""

from typing import Any

from alembic import op
from sqlalchemy import RowMapping, column, table, text
from sqlalchemy.dialects.postgresql import JSONB

from tally.api.camera.v1 import site_events_pb2, site_pb2

revision = "0008"
down_revision = "0007"

_OUTBOX = table(
    "outbox",
    *map(column, ("event_id", "nats_subject", "source", "aggregate_id", "occurred_at", "type")),
    *map(column, ("payload", "version")),
    column("trace", JSONB),
)


def upgrade() -> None:
    sites = op.get_bind().execute(text("SELECT * FROM sites")).mappings().all()
    op.bulk_insert(_OUTBOX, [_told(site) for site in sites])


def _told(row: RowMapping) -> dict[str, Any]:
    site = site_pb2.Site(
        id=str(row["id"]),
        name=row["name"],
        address=row["address"],
        time_zone=row["time_zone"],
        capacity=row["capacity"],
        opening_hours=[site_pb2.OpeningHours(**hours) for hours in row["opening_hours"]],
    )
    site.create_time.FromDatetime(row["create_time"])
    site.update_time.FromDatetime(row["update_time"])
    return {
        "event_id": f"{site.id}/{row['version']}",
        "nats_subject": f"tally.camera.v1.SiteUpdated.{site.id}",
        "source": "tally/camera",
        "aggregate_id": site.id,
        "occurred_at": row["update_time"],
        "type": "tally.api.camera.v1.SiteUpdated",
        "payload": site_events_pb2.SiteUpdated(site=site).SerializeToString(),
        "trace": {},
        "version": row["version"],
    }
