"""The notification context's tables."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, Uuid

from tally.kernel.idempotency import create_requests_table
from tally.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table(metadata)
create_requests = create_requests_table(metadata)

notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("site_id", Text, nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Index("notifications_site", "site_id", "id"),
    Index("notifications_age", "create_time"),
    comment="What people were told.",
)
