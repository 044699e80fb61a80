"""The stored sums are exactly those of the records, in whatever order, grouping and number they come."""

import asyncio
import random
from collections.abc import Sequence
from importlib import import_module

import pytest
from sqlalchemy import text

from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.adapters.tables import coverage, line_counts, zone_counts
from tally.analytics.domain.model import CountsRecord, Stored
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tests.integration.analytics.plainly import LINES, NEAR_NOON, expected, records, scene, sums


@pytest.fixture
def store(database: Database) -> PostgresCountsStore:
    return PostgresCountsStore(database)


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_exact_however_records_arrive(
    database: Database, store: PostgresCountsStore, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - scenery, not secrets
    made = scene()
    deliveries = made + chance.sample(made, len(made) // 2)
    chance.shuffle(deliveries)
    total = Stored(0, 0, 0)
    while deliveries:
        size = chance.choice([1, 2, 7, 50])
        batch, deliveries = deliveries[:size], deliveries[size:]
        new = await store.add(batch)
        total = Stored(
            total.records + new.records,
            total.crossings + new.crossings,
            total.visits + new.visits,
        )
    assert total == Stored(
        len(made),
        sum(len(record.crossings) for record in made),
        sum(len(record.visits) for record in made),
    )
    found = await sums(database)
    assert found == expected(made)
    assert await store.rebuild_rollups() == 0
    assert await sums(database) == found


async def test_a_crossing_reported_again_by_another_record_counts_once(
    database: Database, store: PostgresCountsStore
) -> None:
    made = records(1, "run", NEAR_NOON, 5)
    await store.add(made)
    before = await sums(database)
    again = made[0].crossings + made[1].crossings
    assert again
    other = CountsRecord(
        camera_id=made[0].camera_id,
        run_id=made[0].run_id,
        sequence=5,
        epoch=1,
        recording=False,
        config_version=1,
        detector="motion",
        start=made[4].end,
        end=made[4].end,
        frames_processed=0,
        frames_dropped=0,
        lines=LINES,
        peaks={},
        crossings=again,
        visits=(),
    )
    assert await store.add([other]) == Stored(1, 0, 0)
    assert await sums(database) == before


async def test_writers_at_once_store_everything_once(
    database: Database, store: PostgresCountsStore
) -> None:
    made = scene()

    async def write(share: Sequence[CountsRecord]) -> None:
        for each in share:
            await store.add([each])

    await asyncio.gather(*(write(made[writer::8]) for writer in range(8)))
    assert await sums(database) == expected(made)


async def test_a_batch_that_fails_leaves_nothing_behind(
    database: Database, store: PostgresCountsStore
) -> None:
    made = records(1, "run", NEAR_NOON, 3)
    broken = CountsRecord(
        **{name: getattr(made[2], name) for name in CountsRecord.__slots__} | {"detector": "\0"}
    )
    with pytest.raises(Exception, match="U\\+0000"):
        await store.add([*made[:2], broken])
    assert await sums(database) == {"lines": {}, "zones": {}, "coverage": {}}
    await store.add(made)
    assert await sums(database) == expected(made)


async def test_rebuilding_mends_wrong_sums(database: Database, store: PostgresCountsStore) -> None:
    made = records(2, "run", NEAR_NOON, 20)
    await store.add(made)
    right = await sums(database)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE line_counts SET in_count = in_count + 1"))
        await connection.execute(text("DELETE FROM coverage"))
        await connection.execute(
            text("INSERT INTO zone_counts VALUES (:id, 'ghost', now(), 1, 1, '1s', 1)"),
            {"id": new_id()},
        )
    wrong = len(right["lines"]) + len(right["coverage"]) + 1
    assert await store.rebuild_rollups() == wrong
    assert await sums(database) == expected(made)


async def test_the_history_fills_the_sums_as_the_store_does(
    database: Database, store: PostgresCountsStore
) -> None:
    made = scene()
    await store.add(made)
    versions = "tally.analytics.migrations.versions"
    quarters = import_module(f"{versions}.0004_time_zones").FILL
    doubts = import_module(f"{versions}.0007_doubts").FILL
    async with database.begin() as connection:
        for table in (line_counts, zone_counts, coverage):
            await connection.execute(table.delete())
        for statement in (*quarters, doubts):
            await connection.execute(text(statement))
    assert await sums(database) == expected(made)
