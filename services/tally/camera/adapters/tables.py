"""The camera context's tables."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeDecorator

from tally.camera.domain.ai_model import Installation
from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.hours import Hours
from tally.camera.domain.location import Location
from tally.camera.domain.model import CameraState
from tally.camera.domain.model_switch import SwitchedCamera
from tally.camera.domain.stream import Stream, StreamStatus
from tally.kernel.event_store import events_table, snapshots_table
from tally.kernel.idempotency import create_requests_table
from tally.kernel.outbox import outbox_table
from tally.kernel.republishing import sent_to_table
from tally.kernel.saga import sagas_table


class AsJson(TypeDecorator[Any]):
    """A domain value, kept as JSON."""

    impl = JSONB
    cache_ok = True

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        super().__init__()
        self._adapter = adapter

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The value as JSON."""
        return self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value again; None where an outer join found none."""
        return None if value is None else self._adapter.validate_python(value)


STREAM = TypeAdapter(Stream)
LOCATION = TypeAdapter(Location)
COUNTING = TypeAdapter(CountingConfig)
STATUS = TypeAdapter(StreamStatus)
INSTALLATIONS = TypeAdapter(tuple[Installation, ...])

metadata = MetaData()
events = events_table(metadata)
outbox = outbox_table(metadata)
snapshots = snapshots_table(metadata)
sent_to = sent_to_table(metadata)

UNIQUE_SITE_NAME = "sites_name_key"
UNIQUE_NAME = "cameras_name_key"
KNOWN_SITE = "cameras_site_id_fkey"
KNOWN_AREA = "cameras_area_fkey"
UNIQUE_AREA_NAME = "areas_name_key"
KNOWN_SITE_OF_AREA = "areas_site_id_fkey"

sites = Table(
    "sites",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("address", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("opening_hours", AsJson(TypeAdapter(tuple[Hours, ...])), nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    UniqueConstraint("name", name=UNIQUE_SITE_NAME),
    comment="The sites where cameras are.",
)

areas = Table(
    "areas",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column(
        "site_id",
        Uuid(as_uuid=False),
        ForeignKey(sites.c.id, name=KNOWN_SITE_OF_AREA),
        nullable=False,
    ),
    Column("name", Text(collation="C"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    UniqueConstraint("site_id", "name", name=UNIQUE_AREA_NAME),
    # What a camera's area and site, taken together, refer to.
    UniqueConstraint("id", "site_id", name="areas_id_site_key"),
    comment="The parts of sites.",
)

cameras = Table(
    "cameras",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    # Byte order is the same on every machine and after every upgrade of its language data.
    Column("name", Text(collation="C"), nullable=False),
    Column("stream", AsJson(STREAM), nullable=False),
    Column("counting", AsJson(COUNTING), nullable=False),
    Column("labels", JSONB, nullable=False),
    Column(
        "state",
        Enum(
            CameraState,
            native_enum=False,
            length=16,
            values_callable=lambda states: [state.value for state in states],
        ),
        nullable=False,
    ),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    Column("sealed_credentials", LargeBinary, nullable=False),
    Column("site_id", Uuid(as_uuid=False), ForeignKey(sites.c.id, name=KNOWN_SITE), index=True),
    Column("area_id", Uuid(as_uuid=False), index=True),
    Column("location", AsJson(LOCATION), nullable=False),
    ForeignKeyConstraint(["area_id", "site_id"], [areas.c.id, areas.c.site_id], name=KNOWN_AREA),
    UniqueConstraint("name", name=UNIQUE_NAME),
    Index("cameras_create_time", "create_time", "id"),
    Index("cameras_update_time", "update_time", "id"),
    Index(
        "cameras_labels",
        "labels",
        postgresql_using="gin",
        postgresql_ops={"labels": "jsonb_path_ops"},
    ),
    comment="The read model: every camera that is not deleted, as its events made it.",
)

stream_statuses = Table(
    "stream_statuses",
    metadata,
    Column("camera_id", Uuid(as_uuid=False), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    Column("status", AsJson(STATUS), nullable=False),
    comment="What workers last said of the streams of active cameras.",
)

model_switches = Table(
    "model_switches",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("from_detector", Text, nullable=False),
    Column("to_detector", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cameras", AsJson(TypeAdapter(tuple[SwitchedCamera, ...])), nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("roll_back_time", DateTime(timezone=True)),
    Column("watch_end_time", DateTime(timezone=True)),
    comment="Exchanges of one detector for another, with the cameras that each changed.",
)

ai_models = Table(
    "ai_models",
    metadata,
    Column("worker_id", Uuid(as_uuid=False), primary_key=True),
    Column("report_time", DateTime(timezone=True), nullable=False),
    Column("installations", AsJson(INSTALLATIONS), nullable=False),
    comment="The models that workers said to have, and when they said so.",
)

create_requests = create_requests_table(metadata)
sagas = sagas_table(metadata)


def violated_constraint(error: IntegrityError) -> str:
    """Name of the constraint that a statement broke; empty if none is told."""
    return getattr(error.driver_exception, "constraint_name", None) or ""
