"""Filters and orders as callers write them."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given
from hypothesis import strategies as st

from tally.api.camera.v1 import camera_pb2
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.mapping.listing import masked, query_from_text
from tally.kernel.errors import InvalidInput

SITE = "0190a5b2-0000-7000-8000-00000000000a"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("", []),
        ("  ", []),
        ("door", [Condition(Property.TEXT, "door")]),
        ('"front door"', [Condition(Property.TEXT, "front door")]),
        ("-door", [Condition(Property.TEXT, "door", negated=True)]),
        ("NOT door", [Condition(Property.TEXT, "door", negated=True)]),
        ("state", [Condition(Property.TEXT, "state")]),
        ("NOTE", [Condition(Property.TEXT, "NOTE")]),
        ("state = ACTIVE", [Condition(Property.STATE, "active")]),
        ("state=CAMERA_STATE_INACTIVE", [Condition(Property.STATE, "inactive")]),
        ("NOT state != active", [Condition(Property.STATE, "active")]),
        ("stream_status.state = ended", [Condition(Property.STREAM_STATE, "ended")]),
        (f"site_id = {SITE.upper()}", [Condition(Property.SITE, SITE)]),
        ('site_id = ""', [Condition(Property.SITE, "")]),
        (f"area_id != {SITE}", [Condition(Property.AREA, SITE, negated=True)]),
        (r'name = "a \"b\" \\"', [Condition(Property.NAME, 'a "b" \\')]),
        ("labels:floor", [Condition(Property.LABEL, None, "floor")]),
        ("-labels:floor", [Condition(Property.LABEL, None, "floor", negated=True)]),
        ("labels.a.b-c = 2", [Condition(Property.LABEL, "2", "a.b-c")]),
        ("name=a AND hall", [Condition(Property.NAME, "a"), Condition(Property.TEXT, "hall")]),
        ("name=a hall", [Condition(Property.NAME, "a"), Condition(Property.TEXT, "hall")]),
    ],
)
def test_a_filter_is_conditions_that_all_hold(text: str, conditions: list[Condition]) -> None:
    assert query_from_text(text, "") == CameraQuery(tuple(conditions))


@pytest.mark.parametrize(
    "text",
    [
        "a OR b",
        "(a)",
        "AND a",
        "a AND",
        "NOT",
        "state =",
        "state = asleep",
        "state : active",
        "stream_status.state = 1",
        "site_id = north",
        "id = 1",
        "text = a",
        "state.x = active",
        "labels = floor",
        "labels.floor : 1",
        '"a',
        '"a""b"',
        'a"b"',
        "name > a",
    ],
)
def test_other_filters_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        query_from_text(text, "")
    assert [violation.field for violation in refusal.value.violations] == ["filter"]


@given(st.text(alphabet=st.sampled_from('ab=!:"\\ -().ANDORT\x00'), max_size=30))
def test_any_filter_is_read_or_refused(text: str) -> None:
    try:
        conditions = query_from_text(text, "").conditions
    except InvalidInput:
        return
    assert bool(conditions) is bool(text.strip())


@pytest.mark.parametrize(
    ("text", "order", "descending"),
    [
        ("", Order.NAME, False),
        ("name asc", Order.NAME, False),
        ("create_time", Order.CREATE_TIME, False),
        (" update_time  desc ", Order.UPDATE_TIME, True),
    ],
)
def test_an_order_is_a_field_and_a_direction(text: str, order: Order, descending: bool) -> None:
    assert query_from_text("", text) == CameraQuery((), order, descending)


@pytest.mark.parametrize("text", ["id", "name desc desc", "name, create_time", "name down", "desc"])
def test_other_orders_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        query_from_text("", text)
    assert [violation.field for violation in refusal.value.violations] == ["order_by"]


def test_a_mask_names_the_fields_to_show() -> None:
    camera = camera_pb2.Camera(id="1", name="Door")
    assert masked(camera, FieldMask(paths=["name"])) == camera_pb2.Camera(name="Door")
    assert masked(camera, FieldMask(paths=["*"])) == camera
    assert masked(camera, FieldMask()) == camera
    with pytest.raises(InvalidInput) as refusal:
        masked(camera, FieldMask(paths=["nothing"]))
    assert [violation.field for violation in refusal.value.violations] == ["read_mask"]
