"""What a worker saw of a camera after another one began does not count, in whatever order that is told."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.domain.model import CountsRecord, Stored
from tally.kernel.database import Database
from tests.integration.analytics.plainly import NEAR_NOON, expected, records, sums


@pytest.fixture
def store(database: Database) -> PostgresCountsStore:
    return PostgresCountsStore(database)


def holders() -> list[list[CountsRecord]]:
    """Three holders of one camera: the second begins while the first counts, the third while both do."""
    begins = ((1, 0), (2, 200), (3, 400))
    return [
        records(0, f"epoch {epoch}", NEAR_NOON + timedelta(seconds=after), 60, epoch)
        for epoch, after in begins
    ]


def rightful(runs: Sequence[Sequence[CountsRecord]]) -> list[CountsRecord]:
    """What ended before a later holder began."""
    return [
        record
        for k, run in enumerate(runs)
        for record in run
        if all(record.end <= later[0].start for later in runs[k + 1 :])
    ]


async def test_an_earlier_holder_is_believed_until_a_later_one_began(
    database: Database, store: PostgresCountsStore
) -> None:
    first, second, _ = holders()
    kept = rightful([first, second])
    assert 10 < len(kept) - len(second) < len(first) - 10
    for records_in_turn, refused, withdrawn in (
        ((second, first), len(first) + len(second) - len(kept), 0),
        ((first, second), 0, len(first) + len(second) - len(kept)),
    ):
        stored = [await store.add(each) for each in records_in_turn]
        assert sum(each.refused for each in stored) == refused
        assert sum(each.withdrawn for each in stored) == withdrawn
        assert await sums(database) == expected(kept)
        async with database.begin() as connection:
            await connection.execute(
                text(
                    "TRUNCATE observations, crossings, visits, tenures, line_counts, zone_counts, coverage"
                )
            )


@pytest.mark.parametrize("seed", range(3))
async def test_in_whatever_order_records_come_the_same_ones_count(
    database: Database, store: PostgresCountsStore, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - scenery, not secrets
    runs = holders()
    others = records(1, "another camera", NEAR_NOON, 40)
    deliveries = [record for run in (*runs, others) for record in run]
    deliveries += chance.sample(deliveries, len(deliveries) // 3)
    chance.shuffle(deliveries)
    changed = 0
    while deliveries:
        size = chance.choice([1, 2, 7, 50])
        batch, deliveries = deliveries[:size], deliveries[size:]
        stored = await store.add(batch)
        changed += stored.refused + stored.withdrawn
    assert changed > 0
    assert await sums(database) == expected([*rightful(runs), *others])
    assert await store.rebuild_rollups() == 0


async def test_of_a_recording_every_holder_is_believed(
    database: Database, store: PostgresCountsStore
) -> None:
    first = records(0, "played", NEAR_NOON, 20, recording=True)
    again = records(0, "played", NEAR_NOON, 20, epoch=2, recording=True)
    assert again[0].crossings == first[0].crossings
    await store.add(first[:15])
    assert await store.add(again) == Stored(
        5,
        sum(len(each.crossings) for each in first[15:]),
        sum(len(each.visits) for each in first[15:]),
    )
    assert await store.add(first) == Stored(0, 0, 0)
    assert await sums(database) == expected(first)


async def test_a_worker_that_is_a_camera_holder_again_goes_on(
    database: Database, store: PostgresCountsStore
) -> None:
    run = records(0, "one run", NEAR_NOON, 40)
    later = records(0, "one run", NEAR_NOON, 40, epoch=5)
    for batch in (run[:20], later[20:]):
        assert not (await store.add(batch)).refused
    assert await sums(database) == expected(run)
