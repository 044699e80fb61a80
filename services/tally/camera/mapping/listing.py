"""Filters and orders as callers write them: a subset of AIP-160 and AIP-132."""

import re
from collections.abc import Iterator
from uuid import UUID

from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.camera.v1 import camera_pb2
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.domain.model import CameraState
from tally.camera.domain.stream import StreamState
from tally.kernel.errors import FieldViolation, InvalidInput

_TERM = re.compile(
    r"""(?P<joined>AND\s+)?(?P<negated>NOT\s+|-)?
        (?:(?P<field>[a-z_]+(?:\.[^\s=!:"()]+)?)\s*(?P<comparison>=|!=|:)\s*)?
        (?P<value>"(?:[^"\\]|\\.)*"|[^\s"()=!:<>]+)\s*""",
    re.VERBOSE,
)
_RESERVED = {"AND", "OR", "NOT"}
_COMPARED = {
    property_.value: property_
    for property_ in (
        Property.NAME,
        Property.STATE,
        Property.SITE,
        Property.AREA,
        Property.DETECTOR,
        Property.STREAM_STATE,
    )
}
_CHOICES = {
    Property.STATE: {CameraState.ACTIVE.value, CameraState.INACTIVE.value},
    Property.STREAM_STATE: {state.value for state in StreamState},
}
_PREFIXES = {Property.STATE: "camera_state_", Property.STREAM_STATE: "stream_state_"}


def query_from_text(filter_: str, order_by: str) -> CameraQuery:
    """What a list with this filter and this order shows.

    Args:
        filter_: Conditions that must all hold, with `AND` or nothing between: `state = active`, `labels.floor != "2"`,
            `NOT labels:floor`, `door`.
        order_by: `name`, `create_time` or `update_time`, followed by `desc` for the last first; empty: `name`.

    Raises:
        InvalidInput: They are not as described.
    """
    field, *direction = order_by.split() or [Order.NAME.value]
    if field not in {order.value for order in Order} or direction not in ([], ["asc"], ["desc"]):
        raise _refused(
            "order_by", "must be name, create_time or update_time, and may end with desc"
        )
    return CameraQuery(tuple(_conditions(filter_)), Order(field), direction == ["desc"])


def masked(camera: camera_pb2.Camera, mask: FieldMask) -> camera_pb2.Camera:
    """The fields of the camera that a read mask names; all of them if it names none.

    Raises:
        InvalidInput: It names something that is no field.
    """
    if not mask.paths or list(mask.paths) == ["*"]:
        return camera
    if not mask.IsValidForDescriptor(camera.DESCRIPTOR):
        raise _refused("read_mask", "names something that is no field of a camera")
    shown = camera_pb2.Camera()
    mask.MergeMessage(camera, shown)
    return shown


def _conditions(text: str) -> Iterator[Condition]:
    position = 0
    text = text.strip()
    while position < len(text):
        term = _TERM.match(text, position)
        joined_to_nothing = term and term["joined"] and not position
        apart = not position or text[position - 1].isspace()
        if term is None or term["value"] in _RESERVED or joined_to_nothing or not apart:
            rest = text[position:][:40]
            raise _refused(
                "filter",
                f"cannot be read from {rest!r} on: write conditions like state = active AND "
                'labels.floor = "2", without OR and brackets',
            )
        yield _condition(term)
        position = term.end()


def _condition(term: re.Match[str]) -> Condition:
    value = term["value"]
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    negated = bool(term["negated"]) is not (term["comparison"] == "!=")
    name, _, key = (term["field"] or "").partition(".")
    if not name:
        return Condition(Property.TEXT, value, negated=negated)
    if name == Property.LABEL.value:
        return _label(key, term["comparison"], value, negated=negated)
    of = _COMPARED.get(term["field"])
    if of is None or term["comparison"] == ":":
        raise _refused(
            "filter",
            f"compares {term['field']}: compare name, state, site_id, area_id, "
            "counting.detector, stream_status.state or labels.KEY by = or !=",
        )
    return Condition(of, _value(of, value), negated=negated)


def _label(key: str, comparison: str, value: str, *, negated: bool) -> Condition:
    if comparison == ":" and not key:
        return Condition(Property.LABEL, None, value, negated)
    if comparison == ":" or not key:
        raise _refused("filter", 'asks for labels otherwise than labels:KEY or labels.KEY = "…"')
    return Condition(Property.LABEL, value, key, negated)


def _value(of: Property, value: str) -> str:
    if of in (Property.SITE, Property.AREA) and value:
        try:
            return str(UUID(value))
        except ValueError:
            raise _refused(
                "filter", f"compares {of.value} with {value!r}, which is no id"
            ) from None
    if choices := _CHOICES.get(of):
        value = value.lower().removeprefix(_PREFIXES[of])
        if value not in choices:
            raise _refused(
                "filter", f"compares {of.value}: it is one of {', '.join(sorted(choices))}"
            )
    return value


def _refused(field: str, description: str) -> InvalidInput:
    return InvalidInput([FieldViolation(field, description)])
