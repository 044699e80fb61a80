"""`tally cameras`, `tally counts`, `tally crossings` and `tally flows` say what servers answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import grpc
import pytest
import typer
from typer.testing import CliRunner

from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, analytics_service_pb2_grpc
from tally.api.camera.v1 import (
    camera_pb2,
    camera_service_pb2,
    camera_service_pb2_grpc,
    events_pb2,
    history_pb2,
)
from tally.api.counting.v1 import count_pb2, geometry_pb2
from tally.cli import calibrating, cameras, counts, crossings, heat_maps, privacy, tuning, zones
from tally.cli.calibrating import parse_places
from tally.cli.main import app
from tally.kernel.clock import utc_now

PICTURED = "0190a5b2-0000-7000-8000-0000000000aa"

PLAZA = camera_pb2.Camera(
    id="0190a5b2-0000-7000-8000-000000000001",
    name="Plaza",
    state=camera_pb2.CAMERA_STATE_ACTIVE,
    etag="7",
    counting=geometry_pb2.CountingConfig(
        lines=[geometry_pb2.Line(name="door", in_name="entering", out_name="leaving")],
        detector="motion",
        privacy=geometry_pb2.Privacy(hide_people=geometry_pb2.HIDE_PEOPLE_ALWAYS),
    ),
)


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """One camera, that takes all changes."""

    def __init__(self) -> None:
        self.updates: list[camera_service_pb2.UpdateCameraRequest] = []
        self.listed: list[camera_service_pb2.ListCamerasRequest] = []
        self.asked: list[camera_service_pb2.GetCameraRequest] = []

    async def ListCameras(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.ListCamerasRequest, context: object
    ) -> camera_service_pb2.ListCamerasResponse:
        self.listed.append(request)
        return camera_service_pb2.ListCamerasResponse(cameras=[PLAZA])

    async def UpdateCamera(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.UpdateCameraRequest, context: object
    ) -> camera_service_pb2.UpdateCameraResponse:
        self.updates.append(request)
        camera = camera_pb2.Camera(name=PLAZA.name, counting=request.camera.counting)
        return camera_service_pb2.UpdateCameraResponse(camera=camera)

    async def ListCameraEvents(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.ListCameraEventsRequest, context: object
    ) -> camera_service_pb2.ListCameraEventsResponse:
        assert request.camera_id == PLAZA.id
        moved = history_pb2.CameraEvent(version=3, moved=events_pb2.CameraMoved())
        counts = history_pb2.CameraEvent(
            version=2,
            actor="user:1",
            counting_changed=events_pb2.CameraCountingChanged(counting=PLAZA.counting),
        )
        unknown = history_pb2.CameraEvent(version=1)
        return camera_service_pb2.ListCameraEventsResponse(events=[moved, counts, unknown])

    async def GetCamera(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.GetCameraRequest, context: object
    ) -> camera_service_pb2.GetCameraResponse:
        self.asked.append(request)
        return camera_service_pb2.GetCameraResponse(camera=PLAZA)


class Analytics(analytics_service_pb2_grpc.AnalyticsServiceServicer):
    """Two crossings of the camera, and where they came from."""

    async def ListCrossings(  # noqa: N802 - gRPC's name
        self, request: analytics_service_pb2.ListCrossingsRequest, context: object
    ) -> analytics_service_pb2.ListCrossingsResponse:
        assert request.camera_id == PLAZA.id
        plain = count_pb2.Crossing(id=PICTURED, line="gate", direction=count_pb2.DIRECTION_OUT)
        full = count_pb2.Crossing(
            line="door",
            direction=count_pb2.DIRECTION_IN,
            object_class="person",
            confidence=0.887,
            evidence=[count_pb2.EVIDENCE_SEEN_ON_BOTH_SIDES, count_pb2.EVIDENCE_INTERPOLATED],
            previous_line="gate",
            speed_mps=1.23,
        )
        full.gap.FromMilliseconds(750)
        plain.picture_expire_time.FromDatetime(utc_now() + timedelta(days=1))
        full.picture_expire_time.FromDatetime(utc_now() - timedelta(days=1))
        full.time.FromDatetime(datetime(2026, 3, 1, 12, tzinfo=UTC))
        return analytics_service_pb2.ListCrossingsResponse(
            crossings=[analytics_pb2.CrossingRecord(crossing=each) for each in (plain, full)]
        )

    async def QueryLineCounts(  # noqa: N802 - gRPC's name
        self, request: analytics_service_pb2.QueryLineCountsRequest, context: object
    ) -> analytics_service_pb2.QueryLineCountsResponse:
        assert list(request.camera_ids) == [PLAZA.id]
        assert request.granularity == analytics_pb2.GRANULARITY_DAY
        found = [
            analytics_pb2.LineCount(
                line=line,
                in_count=12,
                in_interval=analytics_pb2.CountInterval(low=10, high=14),
                time_zone="Asia/Kolkata",
            )
            for line in ("door", "gate")
        ]
        for count in found:
            count.start_time.FromDatetime(datetime(2026, 2, 28, 18, 30, tzinfo=UTC))
            count.end_time.FromDatetime(datetime(2026, 3, 1, 18, 30, tzinfo=UTC))
            count.observed.FromSeconds(6 * 3600)
        return analytics_service_pb2.QueryLineCountsResponse(counts=found)

    async def QueryZoneCounts(  # noqa: N802 - gRPC's name
        self, request: analytics_service_pb2.QueryZoneCountsRequest, context: object
    ) -> analytics_service_pb2.QueryZoneCountsResponse:
        count = analytics_pb2.ZoneCount(zone="hall", exits=3, peak_occupancy=2, time_zone="UTC")
        count.end_time.FromSeconds(24 * 3600)
        count.mean_dwell.FromMilliseconds(2500)
        return analytics_service_pb2.QueryZoneCountsResponse(counts=[count])

    async def QueryFlows(  # noqa: N802 - gRPC's name
        self, request: analytics_service_pb2.QueryFlowsRequest, context: object
    ) -> analytics_service_pb2.QueryFlowsResponse:
        assert request.end_time.seconds - request.start_time.seconds == 7 * 24 * 3600
        return analytics_service_pb2.QueryFlowsResponse(
            flows=[
                analytics_pb2.Flow(line="door", count=5),
                analytics_pb2.Flow(previous_line="door", line="gate", count=3),
            ]
        )

    async def QueryHeatMap(  # noqa: N802 - gRPC's name
        self, request: analytics_service_pb2.QueryHeatMapRequest, context: object
    ) -> analytics_service_pb2.QueryHeatMapResponse:
        assert request.camera_id == PLAZA.id
        return analytics_service_pb2.QueryHeatMapResponse(
            columns=2, rows=3, seconds=[0, 120, 0, 0, 60, 0]
        )


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Cameras:
    servicer = Cameras()  # type: ignore[abstract]  # only what the commands call

    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server()
        camera_service_pb2_grpc.add_CameraServiceServicer_to_server(servicer, server)
        analytics = Analytics()
        analytics_service_pb2_grpc.add_AnalyticsServiceServicer_to_server(analytics, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(0)

    modules = (calibrating, cameras, counts, crossings, heat_maps, privacy, tuning, zones)
    for module in modules:
        monkeypatch.setattr(module, "calling", calling)
    return servicer


def typed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


def test_cameras_are_listed_with_what_their_directions_are_called(served: Cameras) -> None:
    [row] = [row for row in rows(typed("cameras", "list")) if "Plaza" in row]

    assert row == ["Plaza", "active", "door", "(entering/leaving)", PLAZA.id]


def test_a_list_is_filtered_and_ordered(served: Cameras) -> None:
    typed("cameras", "list", "--filter", "NOT door", "--order-by", "create_time desc")
    [request] = served.listed
    assert (request.filter, request.order_by) == ("NOT door", "create_time desc")


def test_lines_are_drawn(served: Cameras) -> None:
    told = typed(
        "cameras", "lines", "Plaza", "--line", "door[a/b]=0,0,0.5,0.5,1,0", "--line", "gate=0,1,1,1",
        "--pair", "door,gate=4.5", "--u-turn-window", "3",
    )  # fmt: skip

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert list(update.update_mask.paths) == ["counting.lines"]
    door, gate = update.camera.counting.lines
    assert (len(door.points), door.in_name, door.pair.line) == (3, "a", "gate")
    assert gate.u_turn_window.seconds == 3
    assert told == (
        "Plaza counts at door (3 points, a/b, no U-turns within 3 s, 4.5 m from gate); "
        "gate (no U-turns within 3 s)\n"
    )


def test_zones_are_drawn_with_their_duties(served: Cameras) -> None:
    told = typed(
        "cameras", "zones", "Plaza", "--zone", "till=0,0,1,0,1,0.2", "--zone", "vault=0,0,1,0,1,1",
        "--queue", "till", "--restricted", "vault", "--loitering", "till=90",
    )  # fmt: skip

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert list(update.update_mask.paths) == ["counting.zones"]
    till, vault = update.camera.counting.zones
    assert (till.queue, till.loitering_after.seconds, vault.restricted) == (True, 90, True)
    assert told == "Plaza counts in till (a queue, loitering after 90 s); vault (restricted)\n"


def test_masks_are_drawn(served: Cameras) -> None:
    told = typed("cameras", "masks", "Plaza", "--mask", "0,0,1,0,1,0.2")

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert list(update.update_mask.paths) == ["counting.masks"]
    [mask] = update.camera.counting.masks
    assert [(point.x, point.y) for point in mask.polygon] == [(0, 0), (1, 0), (1, 0.2)]
    assert told == "Plaza has 1 mask\n"


def test_what_is_named_is_tuned_and_the_rest_stays(served: Cameras) -> None:
    told = typed("cameras", "tune", "Plaza", "--max-fps", "10", "--class", "car", "--class", "bus")

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert set(update.update_mask.paths) == {"counting.classes", "counting.max_frames_per_second"}
    counting = update.camera.counting
    assert (list(counting.classes), counting.max_frames_per_second) == (["car", "bus"], 10)
    assert "at up to 10 frames a second" in told
    typed("cameras", "tune", "Plaza", "--class", "", "--min-score", "0")
    assert list(served.updates[1].camera.counting.classes) == []
    assert set(served.updates[1].update_mask.paths) == {"counting.classes", "counting.min_score"}


def test_pictures_are_kept_as_long_as_is_said_or_not_taken(served: Cameras) -> None:
    assert "keeps pictures of crossings for 168 h" in typed(
        "cameras", "tune", "Plaza", "--pictures", "7d"
    )
    assert "takes no pictures" in typed("cameras", "tune", "Plaza", "--pictures", "off")

    week, none = served.updates
    assert (
        list(week.update_mask.paths)
        == list(none.update_mask.paths)
        == ["counting.picture_retention"]
    )
    assert week.camera.counting.picture_retention.seconds == 7 * 24 * 3600
    assert not none.camera.counting.HasField("picture_retention")


def test_hours_are_set_and_taken_away(served: Cameras) -> None:
    hours = ["--hours", "mon-tue=09:00-18:30", "--hours", "sun=10:00-24:00"]
    told = typed("cameras", "tune", "Plaza", *hours, "--time-zone", "Europe/Paris")

    schedule = served.updates[0].camera.counting.schedule
    assert list(served.updates[0].update_mask.paths) == ["counting.schedule"]
    assert schedule.time_zone == "Europe/Paris"
    spans = [(each.day, each.begins, each.ends) for each in schedule.hours]
    assert spans == [(1, "09:00", "18:30"), (2, "09:00", "18:30"), (7, "10:00", "24:00")]
    assert "mon 09:00-18:30, tue 09:00-18:30, sun 10:00-24:00 on the clocks of Europe" in told
    assert "at any hour" in typed("cameras", "tune", "Plaza", "--always")
    assert list(served.updates[1].update_mask.paths) == ["counting.schedule"]
    assert not served.updates[1].camera.counting.HasField("schedule")


def test_privacy_is_changed_and_the_rest_of_it_stays(served: Cameras) -> None:
    told = typed("cameras", "privacy", "Plaza", "--area", "0,0,1,0,1,0.2")

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert list(update.update_mask.paths) == ["counting.privacy"]
    changed = update.camera.counting.privacy
    assert changed.hide_people == geometry_pb2.HIDE_PEOPLE_ALWAYS
    assert [len(area.polygon) for area in changed.areas] == [3]
    assert told == "Plaza: people hidden from everybody, 1 black area\n"
    told = typed("cameras", "privacy", "Plaza", "--hide-people", "unless-permitted", "--no-areas")
    assert told == "Plaza: people shown to who may write it\n"


def test_a_heat_map_shows_where_people_were(served: Cameras, tmp_path: Path) -> None:
    told = typed("heatmap", "Plaza", "--last", "1h")
    assert told.splitlines()[:2] == [" █", "▓ "]
    assert "3.0 minutes of people in the picture, up to 2.0 in one place" in told

    typed("heatmap", "Plaza", "--save", str(tmp_path / "heat.jpg"))
    picture = cv2.imread(str(tmp_path / "heat.jpg"))
    assert picture is not None
    height, width = picture.shape[:2]
    warm, cold = picture[height // 8, width * 7 // 8], picture[height // 8, width // 8]
    assert warm.astype(int).sum() > 2 * cold.astype(int).sum()


PLACES = ("0.3,0.2=-2,9", "0.7,0.2=2,9", "0.9,0.9=2,4.5", "0.1,0.9=-2,4.5")


def test_cameras_are_calibrated(served: Cameras) -> None:
    told = typed("cameras", "calibrate", "Plaza", *(f"--place={place}" for place in PLACES))

    [update] = served.updates
    assert (update.camera.id, update.camera.etag) == (PLAZA.id, "7")
    assert list(update.update_mask.paths) == ["counting.calibration"]
    first = update.camera.counting.calibration[0]
    assert (first.picture.x, first.picture.y, first.x_m, first.y_m) == (0.3, 0.2, -2, 9)
    assert told == "Plaza tells speeds\n"


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        (PLACES[:3], "needs 4"),
        (PLACES[::-1][:3] + PLACES[1:2], "in one line"),
        (("0.3=1,1",), "write 0.3"),
    ],
)
def test_places_that_are_no_calibration_are_refused(places: tuple[str, ...], reason: str) -> None:
    with pytest.raises(typer.BadParameter, match=reason):
        parse_places(places)


def test_a_cameras_history_says_who_did_what(served: Cameras) -> None:
    output = typed("cameras", "history", "Plaza")
    moved, counts, unknown = (line.rstrip() for line in output.splitlines()[-3:])
    assert moved.endswith("left its site")
    assert "user:1" in counts
    assert counts.endswith(
        "counts at door (entering/leaving); by motion; people hidden from everybody"
    )
    assert unknown.endswith("too old to know")


def test_a_camera_is_shown_as_it_was(served: Cameras) -> None:
    assert json.loads(typed("cameras", "show", "Plaza", "--version", "3"))["id"] == PLAZA.id
    typed("cameras", "show", PLAZA.id, "--as-of", "2026-03-01T12:00:00")
    typed("cameras", "show", PLAZA.id)
    assert [request.WhichOneof("past") for request in served.asked] == ["version", "as_of", None]
    local = datetime(2026, 3, 1, 12).astimezone(UTC)
    assert served.asked[1].as_of.ToDatetime(UTC) == local


def test_crossings_say_what_speaks_for_them(served: Cameras) -> None:
    output = typed("crossings", PLAZA.id)

    assert "both sides, 0.8 s unseen" in output
    [full] = [row for row in rows(output) if "entering" in row]
    assert full[2:6] == ["door", "entering", "person", "0.89"]
    assert full[-3:] == ["gate", "1.2", "m/s"]
    [plain] = [row for row in rows(output) if row[2:4] == ["gate", "out"]]
    assert plain[-1] == PICTURED


def test_counts_are_those_of_days_at_the_site(served: Cameras) -> None:
    told = rows(typed("counts", "Plaza", "--by", "day", "--last", "7d"))

    assert ["2026-03-01", "Sun", "door", "12", "(10-14)", "0", "(0-0)", "25%"] in told
    assert ["1970-01-01", "Thu", "hall", "0", "3", "2", "2.5", "s", "0%"] in told


def test_flows_are_a_table_from_line_to_line(served: Cameras) -> None:
    assert rows(typed("flows", "Plaza", "--last", "7d"))[-2:] == [
        ["(first", "line)", "5", "0"],
        ["door", "0", "3"],
    ]


def test_an_unknown_camera_is_told(served: Cameras) -> None:
    result = CliRunner().invoke(app, ["flows", "Square"])

    assert result.exit_code == 1
    assert "no camera is called Square" in result.output
