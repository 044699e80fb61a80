"""Conditions and orders of a list, in SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, not_, or_, tuple_

from tally.camera.adapters.tables import cameras, stream_statuses
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.domain.model import CameraState

COLUMNS: Mapping[Order, ColumnElement[Any]] = {
    Order.NAME: cameras.c.name,
    Order.CREATE_TIME: cameras.c.create_time,
    Order.UPDATE_TIME: cameras.c.update_time,
}


def met(condition: Condition) -> ColumnElement[bool]:
    """Whether a row of `cameras`, joined with its status, meets the condition."""
    clause = _clause(condition)
    return not_(func.coalesce(clause, false())) if condition.negated else clause


def behind(query: CameraQuery, place: tuple[str, str]) -> ColumnElement[bool]:
    """Whether a row comes after `place` in the list."""
    column = COLUMNS[query.order]
    key, id_ = place
    value = key if query.order is Order.NAME else datetime.fromisoformat(key)
    row = tuple_(column, cameras.c.id)
    other = tuple_(literal(value, column.type), literal(id_, cameras.c.id.type))
    return row < other if query.descending else row > other


def _clause(condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.of:
        case Property.NAME:
            return cameras.c.name == value
        case Property.STATE:
            return cameras.c.state == CameraState(value)
        case Property.SITE:
            return cameras.c.site_id.is_not_distinct_from(value or None)
        case Property.AREA:
            return cameras.c.area_id.is_not_distinct_from(value or None)
        case Property.DETECTOR:
            return func.jsonb_extract_path_text(cameras.c.counting, "detector") == value
        case Property.STREAM_STATE:
            return func.jsonb_extract_path_text(stream_statuses.c.status, "state") == value
        case Property.LABEL if value is None:
            return func.jsonb_exists(cameras.c.labels, condition.label)
        case Property.LABEL:
            return cameras.c.labels.contains({condition.label: value})
        case Property.TEXT:
            return or_(
                # The column's own collation knows ASCII's cases alone.
                _contains(cameras.c.name.collate("default"), value or ""),
                _contains(
                    func.jsonb_extract_path_text(cameras.c.location, "description"), value or ""
                ),
            )


def _contains(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Whether the text contains the part, in upper or lower case."""
    return func.strpos(func.lower(text), part.lower()) > 0
