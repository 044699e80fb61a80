"""The registry of models keeps its promises in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tally.camera.application.query.list_ai_models import ListAiModels, ListAiModelsHandler
from tally.camera.domain.ai_model import SILENT_AFTER, AiModel, Installation, Latency
from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.errors import AiModelNotFound
from tally.camera.domain.model import Camera
from tally.camera.domain.ports import Begin
from tests.unit.camera.examples import LATER, NOON, PLAZA, site, status

EAST, WEST = "0190a5b2-0000-7000-8000-0000000000e1", "0190a5b2-0000-7000-8000-0000000000e2"
NORTH = "0190a5b2-0000-7000-8000-00000000000a"
SECOND = timedelta(seconds=1)


def nano(worker_id: str = EAST, sha256: str = "aa", time: datetime = NOON) -> Installation:
    return Installation(
        worker_id=worker_id,
        worker_name={EAST: "east", WEST: "west"}[worker_id],
        name="yolox-nano",
        version="1",
        classes=("person", "car"),
        side=416,
        weights_bytes=3_700_000,
        weights_sha256=sha256,
        licence="Apache-2.0",
        latency=Latency(12.5, 20.0, 500),
        report_time=time,
    )


async def record(begin: Begin, *installations: Installation) -> None:
    async with begin() as work:
        first = installations[0]
        await work.ai_models.record(first.worker_id, first.report_time, installations)


async def listed(
    begin: Begin,
    now: datetime = NOON + SECOND,
    name: str = "",
    sites: frozenset[str] | None = None,
) -> list[AiModel]:
    async with begin() as work:
        handler = ListAiModelsHandler(lambda: now)
        return list(await handler(ListAiModels(name=name, sites=sites), work))


async def test_a_model_is_where_workers_say_it_is(begin: Begin) -> None:
    motion = replace(nano(), name="motion", weights_sha256="", latency=None)
    await record(begin, nano(), motion)
    await record(begin, nano(WEST))
    assert await listed(begin) == [
        AiModel("motion", [motion], 0),
        AiModel("yolox-nano", [nano(), nano(WEST)], 0),
    ]
    assert await listed(begin, name="motion") == [AiModel("motion", [motion], 0)]
    with pytest.raises(AiModelNotFound):
        await listed(begin, name="yolox")


async def test_other_weights_under_one_name_are_told(begin: Begin) -> None:
    await record(begin, nano())
    await record(begin, nano(WEST, "bb"))
    (model,) = await listed(begin)
    assert model.differing
    await record(begin, nano(WEST, "aa", NOON + SECOND))
    (model,) = await listed(begin)
    assert not model.differing


async def test_the_newest_word_of_a_worker_counts(begin: Begin) -> None:
    await record(begin, nano(sha256="new", time=NOON + SECOND))
    await record(begin, nano(sha256="old"))
    (model,) = await listed(begin)
    assert [each.weights_sha256 for each in model.installations] == ["new"]


async def test_a_silent_worker_is_gone_and_then_forgotten(begin: Begin) -> None:
    await record(begin, nano())
    assert await listed(begin, NOON + SILENT_AFTER) == []
    async with begin() as work:
        await work.ai_models.forget(NOON + SECOND)
    assert await listed(begin) == []


async def test_cameras_use_what_they_name_or_else_run_with(begin: Begin) -> None:
    named = replace(PLAZA, name="a", site_id=NORTH, counting=CountingConfig(detector="yolox-nano"))
    silent = replace(PLAZA, name="b", counting=CountingConfig())
    unknown = replace(PLAZA, name="c", counting=CountingConfig())
    cameras = [
        Camera.create(f"0190a5b2-0000-7000-8000-00000000000{number}", spec, NOON).activate(LATER)
        for number, spec in enumerate((named, silent, unknown))
    ]
    async with begin() as work:
        await work.sites.save(replace(site("North"), id=NORTH))
    async with begin() as work:
        for camera in cameras:
            await work.cameras.save(camera)
    async with begin() as work:
        said = replace(status(), detector="yolox-nano")
        await work.stream_statuses.record(cameras[1].id, 1, said)
    await record(begin, nano())
    assert [model.camera_count for model in await listed(begin)] == [2]
    (seen,) = await listed(begin, sites=frozenset({NORTH}))
    assert seen.camera_count == 1
