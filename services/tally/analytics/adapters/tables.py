"""The analytics tables: what was recorded, as it came, and the sums over it by the quarter of an hour.

A crossing or visit has no foreign key to its record: both are written in one transaction by one statement
each, and checking every row again would halve the speed.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSTZMULTIRANGE

from tally.kernel.idempotency import create_requests_table

metadata = MetaData()
create_requests = create_requests_table(metadata)

_ID = Uuid(as_uuid=False)
_NAME = Text(collation="C")  # byte order: quick, and the same on every machine
_TIME = DateTime(timezone=True)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True)


def _value(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


observations = Table(
    "observations",
    metadata,
    _key("camera_id", _ID),
    _key("run_id", _ID),
    _key("sequence", BigInteger),
    _value("epoch", BigInteger),
    _value("config_version", BigInteger),
    _value("detector", Text),
    _value("start_time", _TIME),
    _value("end_time", _TIME),
    _value("frames_processed", BigInteger),
    _value("frames_dropped", BigInteger),
    _value("lines", ARRAY(_NAME)),
    _value("zones", ARRAY(_NAME)),
    _value("peaks", ARRAY(BigInteger)),
    _value("recording", Boolean),
    _value("heat_cells", ARRAY(Integer)),
    _value("heat_ms", ARRAY(Integer)),
    Index("observations_by_time", "camera_id", "end_time"),
    Index(
        "observations_with_heat",
        "camera_id",
        "end_time",
        postgresql_where=text("heat_cells <> '{}'"),
    ),
)
"""One row for each record; `peaks` are the peaks of `zones`, `heat_ms` the times in `heat_cells`, in their order."""

tenures = Table(
    "tenures",
    metadata,
    _key("camera_id", _ID),
    _key("epoch", BigInteger),
    _value("start_time", _TIME),
    comment="When the holders of live cameras first saw something.",
)

crossings = Table(
    "crossings",
    metadata,
    _key("id", _ID),
    _value("camera_id", _ID),
    _value("run_id", _ID),
    _value("sequence", BigInteger),
    _value("line", _NAME),
    _value("direction", Text),
    _value("time", _TIME),
    _value("track", BigInteger),
    _value("ordinal", BigInteger),
    _value("object_class", Text),
    _value("score", REAL),
    _value("confidence", REAL),
    _value("evidence", ARRAY(Text)),
    _value("gap", Interval),
    _value("previous_line", _NAME),
    Column("speed_mps", REAL),
    Column("picture_expire_time", _TIME),
    Index("crossings_by_time", "camera_id", "time", "id"),
)

visits = Table(
    "visits",
    metadata,
    _key("id", _ID),
    _value("camera_id", _ID),
    _value("run_id", _ID),
    _value("sequence", BigInteger),
    _value("zone", _NAME),
    _value("kind", Text),
    _value("time", _TIME),
    _value("track", BigInteger),
    _value("ordinal", BigInteger),
    _value("object_class", Text),
    Column("dwell", Interval),
    Index("visits_by_time", "camera_id", "time"),
)

line_counts = Table(
    "line_counts",
    metadata,
    _key("camera_id", _ID),
    _key("line", _NAME),
    _key("quarter", _TIME),
    _value("in_count", BigInteger),
    _value("out_count", BigInteger),
    _value("in_doubt", BigInteger),
    _value("out_doubt", BigInteger),
)
"""Doubts are sums of 1 - confidence, in millionths: whole numbers, so that sums are exact."""

zone_counts = Table(
    "zone_counts",
    metadata,
    _key("camera_id", _ID),
    _key("zone", _NAME),
    _key("quarter", _TIME),
    _value("entries", BigInteger),
    _value("exits", BigInteger),
    _value("dwell", Interval),
    _value("peak_occupancy", BigInteger),
)
"""`dwell` is the sum over the visits that ended in the quarter; whole microseconds, so that sums are exact."""

coverage = Table(
    "coverage",
    metadata,
    _key("camera_id", _ID),
    _key("quarter", _TIME),
    _value("observed", TSTZMULTIRANGE),
)
"""What was watched, as a set of moments: united with what is in it already, it stays as it is."""

camera_sites = Table(
    "camera_sites",
    metadata,
    _key("camera_id", _ID),
    Column("site_id", _ID, index=True),
    _value("version", BigInteger),
    comment="Where the camera context says that cameras are; deleted ones stay where they were.",
)

sites = Table(
    "sites",
    metadata,
    _key("site_id", _ID),
    _value("time_zone", Text),
    _value("version", BigInteger),
    comment="By which clocks sites live; deleted ones keep theirs.",
)

count_audits = Table(
    "count_audits",
    metadata,
    _key("id", _ID),
    _value("camera_id", _ID),
    _value("start_time", _TIME),
    _value("end_time", _TIME),
    _value("seed", BigInteger),
    _value("lines", ARRAY(_NAME)),
    _value("creator", Text),
    _value("create_time", _TIME),
    Index("count_audits_by_camera", "camera_id", "id"),
)

count_audit_samples = Table(
    "count_audit_samples",
    metadata,
    Column("audit_id", _ID, ForeignKey("count_audits.id"), primary_key=True),
    _key("number", BigInteger),
    _value("start_time", _TIME),
    _value("end_time", _TIME),
)

manual_counts = Table(
    "manual_counts",
    metadata,
    _key("audit_id", _ID),
    _key("sample", BigInteger),
    _key("revision", BigInteger),
    _value("ins", ARRAY(BigInteger)),
    _value("outs", ARRAY(BigInteger)),
    _value("principal", Text),
    _value("time", _TIME),
    ForeignKeyConstraint(
        ["audit_id", "sample"], ["count_audit_samples.audit_id", "count_audit_samples.number"]
    ),
)
"""What people counted; `ins` and `outs` are of the audit's `lines`, in their order."""
