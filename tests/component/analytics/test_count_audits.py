"""People count samples of what a camera watched, and its accuracy is what comes of it."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.api.analytics.v1.audit_service_pb2_grpc import CountAuditServiceStub
from tally.api.counting.v1 import count_pb2
from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tests.callers import Keeper
from tests.component.analytics.calls import NOON, Analytics, timestamp
from tests.counts import LINE, publish, record
from tests.refusals import refused

if TYPE_CHECKING:
    from tally.api.analytics.v1.audit_service_pb2_grpc import CountAuditServiceAsyncStub

INWARDS = (0, 1, 2, 3, 4, 5)
"""Crossings in each ten seconds of the recording."""


@pytest.fixture
def audits(channel: grpc.aio.Channel) -> "CountAuditServiceAsyncStub":
    return CountAuditServiceStub(channel)


async def recorded(bus: Bus, channel: grpc.aio.Channel) -> str:
    """A camera that has counted a minute's recording; returns its id."""
    camera = new_id()
    told = [
        record(camera, number, NOON + timedelta(seconds=10 * number), seconds=10, inwards=inwards)
        for number, inwards in enumerate(INWARDS)
    ]
    for each in told:
        each.recording = True
    await publish(bus, told)
    await Analytics(channel).reaches(camera, (sum(INWARDS), 0, 60.0))
    return camera


def draw(camera: str, count: int, seconds: int = 10, seed: int = 1) -> messages.CreateAuditRequest:
    return messages.CreateAuditRequest(
        camera_id=camera, sample_count=count, sample_length=Duration(seconds=seconds), seed=seed
    )


def manual(
    audit: messages.CountAudit, sample: int, inwards: int, line: str = LINE
) -> messages.RecordManualCountRequest:
    return messages.RecordManualCountRequest(
        audit_id=audit.id,
        sample=sample,
        lines=[messages.ManualLineCount(line=line, in_count=inwards)],
    )


async def test_a_recording_is_sampled_counted_and_compared(
    bus: Bus, channel: grpc.aio.Channel, audits: "CountAuditServiceAsyncStub"
) -> None:
    camera = await recorded(bus, channel)
    audit = (await audits.CreateAudit(draw(camera, 6))).audit
    assert audit.start_time == timestamp(NOON)
    assert audit.end_time == timestamp(NOON + timedelta(minutes=1))
    assert (list(audit.lines), audit.creator) == ([LINE], "user:administrator")
    assert [
        (sample.number, sample.start_time, sample.end_time) for sample in audit.samples
    ] == [
        (n + 1, timestamp(NOON + timedelta(seconds=10 * n)), timestamp(NOON + timedelta(seconds=10 * n + 10)))
        for n in range(6)
    ]  # fmt: skip

    # The camera missed one person in the third sample and invented one in the fifth; the first is not counted yet.
    for sample, true in ((2, 1), (3, 3), (4, 3), (5, 3), (6, 5)):
        await audits.RecordManualCount(manual(audit, sample, true))
    report = await audits.ReportAccuracy(messages.ReportAccuracyRequest(camera_id=camera))
    assert (report.counted_samples, report.samples) == (5, 6)
    assert [(each.line, each.direction, each.true_count) for each in report.lines] == [
        (LINE, count_pb2.DIRECTION_IN, 15),
        (LINE, count_pb2.DIRECTION_OUT, 0),
    ]
    assert (report.total.true_count, report.total.counted, report.total.absolute_error) == (
        15,
        15,
        2,
    )
    for share in (report.total.recall, report.total.precision):
        assert (share.successes, share.trials) == (14, 15)
        assert (share.lower, share.upper) == pytest.approx((0.7018, 0.9881), abs=5e-5)
    assert report.total.count_ratio.value == 1
    assert report.total.count_ratio.standard_error > 0
    assert not report.lines[1].HasField("recall")


async def test_who_counted_may_correct_it_and_all_revisions_stay(
    bus: Bus,
    channel: grpc.aio.Channel,
    audits: "CountAuditServiceAsyncStub",
    settings: AnalyticsSettings,
) -> None:
    camera = await recorded(bus, channel)
    audit = (await audits.CreateAudit(draw(camera, 3))).audit
    for inwards in (4, 4, 2):
        answer = await audits.RecordManualCount(manual(audit, 2, inwards))
    kept = (await audits.GetAudit(messages.GetAuditRequest(audit_id=audit.id))).audit
    assert kept.samples[1] == answer.sample
    assert [revision.lines[0].in_count for revision in answer.sample.revisions] == [4, 2]
    assert {revision.principal for revision in answer.sample.revisions} == {"user:administrator"}

    # Whose sites do not include the camera's does not learn that there is an audit.
    keeper = Keeper(
        {"analytics:write": frozenset({new_id()}), "analytics:read": frozenset({new_id()})}
    )
    async with (
        analytics_server(settings, authenticator=keeper) as server,
        connect(server.address) as other,
    ):
        stub: CountAuditServiceAsyncStub = CountAuditServiceStub(other)
        for call in (
            stub.GetAudit(messages.GetAuditRequest(audit_id=audit.id)),
            stub.RecordManualCount(manual(audit, 2, 9)),
        ):
            assert await refused(call) == (grpc.StatusCode.NOT_FOUND, "AUDIT_NOT_FOUND")
        assert (await refused(stub.CreateAudit(draw(camera, 3))))[1] == "TOO_LITTLE_WATCHED"
        listed = await stub.ListAudits(messages.ListAuditsRequest(camera_id=camera))
        assert not listed.audits
        report = await stub.ReportAccuracy(messages.ReportAccuracyRequest(camera_id=camera))
        assert report.samples == 0


async def test_a_repeated_request_draws_once(
    bus: Bus, channel: grpc.aio.Channel, audits: "CountAuditServiceAsyncStub"
) -> None:
    camera = await recorded(bus, channel)
    request = draw(camera, 3)
    request.request_id = new_id()
    first, at_once = await asyncio.gather(audits.CreateAudit(request), audits.CreateAudit(request))
    assert first.audit == at_once.audit
    await audits.RecordManualCount(manual(first.audit, 2, 4))
    again = (await audits.CreateAudit(request)).audit
    assert (again.id, len(again.samples[1].revisions)) == (first.audit.id, 1)
    listed = await audits.ListAudits(messages.ListAuditsRequest(camera_id=camera))
    assert [audit.id for audit in listed.audits] == [first.audit.id]
    request.seed = 2
    assert (await refused(audits.CreateAudit(request)))[1] == "REQUEST_ID_REUSED"


async def test_of_corrections_at_once_none_is_lost(
    bus: Bus, channel: grpc.aio.Channel, audits: "CountAuditServiceAsyncStub"
) -> None:
    camera = await recorded(bus, channel)
    audit = (await audits.CreateAudit(draw(camera, 1))).audit
    await asyncio.gather(
        *(audits.RecordManualCount(manual(audit, 1, inwards)) for inwards in range(8))
    )
    kept = (await audits.GetAudit(messages.GetAuditRequest(audit_id=audit.id))).audit
    typed = [revision.lines[0].in_count for revision in kept.samples[0].revisions]
    assert sorted(typed) == list(range(8))


async def test_audits_are_listed_newest_first_a_page_at_a_time(
    bus: Bus, channel: grpc.aio.Channel, audits: "CountAuditServiceAsyncStub"
) -> None:
    camera = await recorded(bus, channel)
    made = [(await audits.CreateAudit(draw(camera, 2, seed=seed))).audit for seed in range(3)]
    request = messages.ListAuditsRequest(camera_id=camera, page_size=2)
    first = await audits.ListAudits(request)
    request.page_token = first.next_page_token
    second = await audits.ListAudits(request)
    assert [*first.audits, *second.audits] == made[::-1]
    assert not second.next_page_token
    request.page_size, request.camera_id = 2, new_id()
    assert (await refused(audits.ListAudits(request)))[1] == "PAGE_TOKEN_INVALID"


async def test_what_cannot_be_is_refused(
    bus: Bus, channel: grpc.aio.Channel, audits: "CountAuditServiceAsyncStub"
) -> None:
    camera = await recorded(bus, channel)
    audit = (await audits.CreateAudit(draw(camera, 6))).audit
    unwatched = draw(camera, 6)
    unwatched.start_time.CopyFrom(timestamp(NOON + timedelta(seconds=5)))
    unwatched.end_time.CopyFrom(timestamp(NOON + timedelta(seconds=65)))
    endless = draw(camera, 1)
    endless.start_time.CopyFrom(timestamp(NOON - timedelta(days=365)))
    endless.end_time.CopyFrom(timestamp(NOON))
    for call, reason in (
        (audits.CreateAudit(draw(camera, 7)), "TOO_LITTLE_WATCHED"),
        (audits.CreateAudit(draw(new_id(), 1)), "TOO_LITTLE_WATCHED"),
        (audits.CreateAudit(unwatched), "TOO_LITTLE_WATCHED"),
        (audits.CreateAudit(endless), "INVALID_INPUT"),
        (audits.RecordManualCount(manual(audit, 7, 1)), "SAMPLE_NOT_FOUND"),
        (audits.RecordManualCount(manual(audit, 1, 1, line="other")), "LINES_MISMATCH"),
        (audits.GetAudit(messages.GetAuditRequest(audit_id=new_id())), "AUDIT_NOT_FOUND"),
    ):
        assert (await refused(call))[1] == reason
