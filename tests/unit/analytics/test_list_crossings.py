"""Crossings are listed a page at a time, none left out, none twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tally.analytics.application.query.limit import MAX_ROWS
from tally.analytics.application.query.list_crossings import ListCrossings
from tally.analytics.application.query.query_line_counts import QueryLineCounts
from tally.analytics.application.query.query_zone_counts import QueryZoneCounts
from tally.analytics.domain.model import Crossing, Direction, Flow, Granularity, StoredCrossing
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.errors import InvalidInput
from tally.kernel.identity import Sites

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Reader:
    """Crossings in memory, several of them at the same moment; and sums that are never few."""

    def __init__(self, count: int) -> None:
        self.stored = [
            StoredCrossing(
                "camera",
                "run",
                Crossing(
                    f"id {number:03}",
                    "gate",
                    Direction.IN,
                    START + timedelta(seconds=number // 3),
                    number,
                    0,
                    "person",
                    0.5,
                ),
                1,
                "motion",
            )
            for number in range(count)
        ]

    async def flows(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Flow]:
        return []

    async def heat(self, camera_id: str, span: TimeSpan, sites: Sites) -> Mapping[int, int]:
        return {}

    async def crossings(
        self,
        camera_id: str,
        start: datetime | None,
        end: datetime | None,
        line: str,
        after: tuple[datetime, str] | None,
        limit: int,
        sites: Sites,
    ) -> Sequence[StoredCrossing]:
        following = [
            each
            for each in self.stored
            if after is None or (each.crossing.time, each.crossing.id) > after
        ]
        return following[:limit]

    async def line_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
        object_classes: Sequence[str] = (),
    ) -> Sequence[Any]:
        return range(limit)

    zone_counts = line_counts


@pytest.mark.parametrize(("count", "page_size"), [(0, 3), (7, 3), (9, 3), (10, 100), (10, 1)])
async def test_pages_follow_one_another(count: int, page_size: int) -> None:
    reader = Reader(count)
    list_crossings = ListCrossings(reader)
    shown: list[StoredCrossing] = []
    token, pages = "", 0
    while token or not pages:
        page = await list_crossings("camera", None, page_size=page_size, token=token)
        assert len(page.crossings) <= page_size
        shown += page.crossings
        token, pages = page.next_page_token, pages + 1
    assert shown == reader.stored
    assert pages == max(1, -(-count // page_size))


@pytest.mark.parametrize(
    "other", [{"camera_id": "another"}, {"start": START}, {"end": START}, {"line": "gate"}]
)
async def test_a_token_of_another_query_is_refused(other: dict[str, Any]) -> None:
    list_crossings = ListCrossings(Reader(5))
    token = (await list_crossings("camera", None, page_size=2)).next_page_token
    with pytest.raises(InvalidInput) as caught:
        await list_crossings(**({"camera_id": "camera", "sites": None} | other), token=token)
    assert caught.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("query", [QueryLineCounts, QueryZoneCounts])
async def test_an_answer_that_is_too_long_is_refused_with_what_to_do(
    query: type[QueryLineCounts] | type[QueryZoneCounts],
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await query(Reader(0))([], TimeSpan(START, START), Granularity.HOUR, None)
    (violation,) = caught.value.violations
    assert violation.field == "end_time"
    assert str(MAX_ROWS) in violation.description
