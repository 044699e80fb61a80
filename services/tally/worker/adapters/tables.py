"""The pool's tables."""

from enum import Enum as PythonEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Enum,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from tally.kernel.idempotency import create_requests_table
from tally.kernel.outbox import outbox_table
from tally.kernel.republishing import sent_to_table
from tally.worker.domain.assignment import Admission, Selector
from tally.worker.domain.model import Hardware, SpoolStatus
from tally.worker.domain.stream import RunningCamera, StreamCondition
from tally.worker.domain.tasks import TaskKind, TaskState


class AsJson(TypeDecorator[Any]):
    """Values of a type of the domain, kept as JSON.

    Args:
        kind: The type.
    """

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As JSON."""
        return self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """As the domain has it."""
        return self._adapter.validate_python(value)


metadata = MetaData()

_ID = Uuid(as_uuid=False)
_TIME = DateTime(timezone=True)


def _enum(kind: type[PythonEnum]) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        length=16,
        values_callable=lambda members: [each.value for each in members],
    )


workers = Table(
    "workers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("capacity", Integer, nullable=False),
    Column("register_time", _TIME, nullable=False),
    Column("lease_expire_time", _TIME, nullable=False, index=True),
    Column("cameras", AsJson(tuple[RunningCamera, ...]), nullable=False),
    Column("admission", _enum(Admission), nullable=False),
    Column("selector", AsJson(Selector), nullable=False),
    Column("spool", AsJson(SpoolStatus | None), nullable=False),
    Column("hardware", AsJson(Hardware), nullable=False),
    Column("frame_costs", AsJson(dict[str, float]), nullable=False),
    comment="Processes that run cameras, with what they last said.",
)

cameras = Table(
    "cameras",
    metadata,
    Column("camera_id", _ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_version", BigInteger, nullable=False),
    Column("site_id", Text, nullable=False),
    Column("site_version", BigInteger, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("labels_version", BigInteger, nullable=False),
    Column("stream", LargeBinary, nullable=False),
    Column("stream_version", BigInteger, nullable=False),
    Column("sealed_credentials", LargeBinary, nullable=False),
    Column("credentials_version", BigInteger, nullable=False),
    Column("counting", LargeBinary, nullable=False),
    Column("counting_version", BigInteger, nullable=False),
    Column("detector", Text, nullable=False),
    Column("max_frames_per_second", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_version", BigInteger, nullable=False),
    Column("activate_time", _TIME),
    comment=(
        "The camera context's cameras as far as their events have come; deleted ones stay, "
        "lest a late event revive them."
    ),
)

assignments = Table(
    "assignments",
    metadata,
    Column("camera_id", _ID, primary_key=True),
    Column("worker_id", _ID, index=True),
    Column("epoch", BigInteger, nullable=False),
    Column("stream_state", Text),
    Column("stream_conditions", AsJson(frozenset[StreamCondition]), nullable=False),
    Column("heard_time", _TIME, nullable=False, server_default=func.now()),
    Column("nominal_frames_per_second", Float, nullable=False, server_default="0"),
    comment="Who holds a camera, and the state of its stream that was last told. Epochs never go back.",
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", _enum(TaskKind), nullable=False),
    Column("work", LargeBinary, nullable=False),
    Column("counting", LargeBinary, nullable=False),
    Column("site_id", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("creator", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("state", _enum(TaskState), nullable=False),
    Column("progress", Float, nullable=False),
    Column("progress_text", Text, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("start_time", _TIME),
    Column("end_time", _TIME),
    Index("ix_tasks_state_id", "state", "id"),
    comment="One-off jobs and what came of them; the queue that hands them out holds their ids alone.",
)

create_requests = create_requests_table(metadata)
outbox = outbox_table(metadata)
sent_to = sent_to_table(metadata)
