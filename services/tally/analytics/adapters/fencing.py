"""Keeps out what workers saw of live cameras that others had taken over.

A camera's holder has an epoch; a later holder's is higher. From the first frame of a later holder on, whatever an
earlier one saw is counted by both, so it must not be stored. A record that came before this was known is
withdrawn when it is known, and the sums that it was in are made again from the records that are left: in whatever
order records come, what is stored in the end is the same.

Recordings need no fence, since every holder derives the same ids from the same frames.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.analytics.adapters import rollups

_LONGEST_DELAY = "interval '1 hour'"
"""A record tells of nothing older: lines hold a passage back for a minute at most. So indexes find what is meant."""

_LEARN = text("""
    INSERT INTO tenures (camera_id, epoch, start_time)
    SELECT camera_id, epoch, min(start_time) FROM staged_observations
    WHERE NOT recording GROUP BY camera_id, epoch
    ON CONFLICT (camera_id, epoch) DO UPDATE SET start_time = excluded.start_time
        WHERE tenures.start_time > excluded.start_time
    RETURNING camera_id, epoch, start_time
""")

_REFUSE = text("""
    WITH refused AS (
        DELETE FROM staged_observations o WHERE NOT recording AND EXISTS (
            SELECT FROM tenures t WHERE t.camera_id = o.camera_id
                AND t.epoch > o.epoch AND t.start_time < o.end_time
        ) RETURNING camera_id, run_id, sequence
    ), its_crossings AS (
        DELETE FROM staged_crossings s USING refused r
        WHERE (s.camera_id, s.run_id, s.sequence) = (r.camera_id, r.run_id, r.sequence)
    ), its_visits AS (
        DELETE FROM staged_visits s USING refused r
        WHERE (s.camera_id, s.run_id, s.sequence) = (r.camera_id, r.run_id, r.sequence)
    )
    SELECT count(*) FROM refused
""")

_TEMPORARY = text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS touched (camera_id uuid, quarter timestamptz) "
    "ON COMMIT DELETE ROWS"
)

_WITHDRAW = text(f"""
    WITH withdrawn AS (
        DELETE FROM observations o
        USING unnest(CAST(:cameras AS uuid[]), CAST(:epochs AS bigint[]), CAST(:starts AS timestamptz[]))
            AS t (camera_id, epoch, start_time)
        WHERE o.camera_id = t.camera_id AND o.epoch < t.epoch
            AND o.end_time > t.start_time AND NOT o.recording
        RETURNING o.camera_id, o.run_id, o.sequence, o.start_time, o.end_time
    ), its_crossings AS (
        DELETE FROM crossings c USING withdrawn w
        WHERE (c.camera_id, c.run_id, c.sequence) = (w.camera_id, w.run_id, w.sequence)
            AND c.time > w.start_time - {_LONGEST_DELAY}
        RETURNING c.camera_id, c.time
    ), its_visits AS (
        DELETE FROM visits v USING withdrawn w
        WHERE (v.camera_id, v.run_id, v.sequence) = (w.camera_id, w.run_id, w.sequence)
            AND v.time > w.start_time - {_LONGEST_DELAY}
        RETURNING v.camera_id, v.time
    ), noted AS (
        INSERT INTO touched
        SELECT camera_id, quarter FROM withdrawn, LATERAL generate_series(
            {rollups.quarter(f"start_time - {rollups.LONGEST_PAUSE}")}, end_time, {rollups.QUARTER}
        ) AS quarter
        UNION SELECT camera_id, {rollups.quarter("time")} FROM its_crossings
        UNION SELECT camera_id, {rollups.quarter("time")} FROM its_visits
    )
    SELECT count(*) FROM withdrawn
""")
_FORGET = tuple(
    text(
        f"DELETE FROM {table} s USING touched t "
        "WHERE s.camera_id = t.camera_id AND s.quarter = t.quarter"
    )
    for table in ("line_counts", "zone_counts", "coverage")
)
_END = f"t.quarter + {rollups.QUARTER}"
_AGAIN = tuple(
    text(statement)
    for statement in (
        *rollups.add_observations(
            "EXISTS (SELECT FROM touched t WHERE t.camera_id = o.camera_id "
            f"AND o.end_time >= t.quarter AND o.start_time < {_END} + {rollups.LONGEST_PAUSE})"
        ),
        *(
            add(
                f"SELECT s.* FROM {table} s JOIN touched t ON s.camera_id = t.camera_id "
                f"AND s.time >= t.quarter AND s.time < {_END}"
            )
            for table, add in (
                ("crossings", rollups.add_crossings),
                ("visits", rollups.add_visits),
            )
        ),
    )
)


async def _withdraw(connection: AsyncConnection, begun: Sequence[Row[Any]]) -> int:
    await connection.execute(_TEMPORARY)
    cameras, epochs, starts = zip(*begun, strict=True)
    parameters = {"cameras": cameras, "epochs": epochs, "starts": starts}
    withdrawn: int = (await connection.execute(_WITHDRAW, parameters)).scalar_one()
    if withdrawn:
        for statement in (*_FORGET, *_AGAIN):
            await connection.execute(statement)
    return withdrawn


async def fence(connection: AsyncConnection) -> tuple[int, int]:
    """Drop what is staged and remove what is stored that later holders of its camera have seen as well.

    Returns:
        How many records were dropped, and how many removed.
    """
    begun = (await connection.execute(_LEARN)).all()
    refused: int = (await connection.execute(_REFUSE)).scalar_one()
    return refused, await _withdraw(connection, begun) if begun else 0
