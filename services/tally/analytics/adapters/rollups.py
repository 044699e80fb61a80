"""Adds rows to the hourly sums: rows that are new, or, to build the sums again, all rows.

Two kinds of sums need two kinds of care. Crossings, entries, exits and dwell are added up, so each row may
be added only once: the statements take their rows from the `INSERT` that found them to be new. Coverage,
peak occupancy and the zeros of watched lines and zones are united or maximised, so adding a row twice
changes nothing.

A record covers the time from its first to its last frame, and the pause between it and the previous record
of its run if that is short: frames arrive one by one, and a camera does not stop watching between two of
them. Records may arrive in any order; whichever of two neighbours comes later joins them. Overlapping spans
(two workers on one camera, a recording counted with two configurations) count once.
"""

LONGEST_PAUSE = "interval '10 seconds'"
"""A stream that shows nothing for longer is not being watched."""

_HOUR = "interval '1 hour'"


def add_crossings(rows: str) -> str:
    """Add the crossings that the statement `rows` returns; returns how many there were."""
    return f"""
        WITH added AS ({rows}), summed AS (
            INSERT INTO hourly_line_counts (camera_id, line, hour, in_count, out_count)
            SELECT camera_id, line, date_trunc('hour', time, 'UTC') AS hour,
                count(*) FILTER (WHERE direction = 'in'), count(*) FILTER (WHERE direction = 'out')
            FROM added GROUP BY camera_id, line, hour
            ON CONFLICT (camera_id, line, hour) DO UPDATE SET
                in_count = hourly_line_counts.in_count + excluded.in_count,
                out_count = hourly_line_counts.out_count + excluded.out_count
        )
        SELECT count(*) FROM added
    """


def add_visits(rows: str) -> str:
    """Add the visits that the statement `rows` returns; returns how many there were."""
    return f"""
        WITH added AS ({rows}), summed AS (
            INSERT INTO hourly_zone_counts
                (camera_id, zone, hour, entries, exits, dwell, peak_occupancy)
            SELECT camera_id, zone, date_trunc('hour', time, 'UTC') AS hour,
                count(*) FILTER (WHERE kind = 'entry'), count(*) FILTER (WHERE kind = 'exit'),
                coalesce(sum(dwell), interval '0'), 0
            FROM added GROUP BY camera_id, zone, hour
            ON CONFLICT (camera_id, zone, hour) DO UPDATE SET
                entries = hourly_zone_counts.entries + excluded.entries,
                exits = hourly_zone_counts.exits + excluded.exits,
                dwell = hourly_zone_counts.dwell + excluded.dwell
        )
        SELECT count(*) FROM added
    """


def add_observations(condition: str) -> tuple[str, ...]:
    """Statements that add the stored records (alias `o`) which meet `condition`."""
    hours = f"""
        WITH spans AS (
            SELECT o.*, CASE WHEN o.start_time - p.end_time <= {LONGEST_PAUSE}
                THEN least(p.end_time, o.start_time) ELSE o.start_time END AS begin_time
            FROM observations o LEFT JOIN observations p ON p.camera_id = o.camera_id
                AND p.run_id = o.run_id AND p.sequence = o.sequence - 1
            WHERE {condition}
        ), hours AS (
            SELECT spans.*, hour, tstzrange(greatest(begin_time, hour), least(end_time, hour + {_HOUR})) AS part
            FROM spans, LATERAL generate_series(
                date_trunc('hour', begin_time, 'UTC'), end_time, {_HOUR}
            ) AS hour
            WHERE hour < end_time OR hour = begin_time
        )
    """
    coverage = f"""{hours}
        INSERT INTO hourly_coverage (camera_id, hour, observed)
        SELECT camera_id, hour, range_agg(part) FROM hours GROUP BY camera_id, hour
        ON CONFLICT (camera_id, hour) DO UPDATE
            SET observed = hourly_coverage.observed + excluded.observed
            WHERE NOT hourly_coverage.observed @> excluded.observed
    """
    lines = f"""{hours}
        INSERT INTO hourly_line_counts (camera_id, line, hour, in_count, out_count)
        SELECT DISTINCT camera_id, line, hour, 0, 0 FROM hours, unnest(lines) AS line
        ON CONFLICT DO NOTHING
    """
    zones = f"""{hours}
        INSERT INTO hourly_zone_counts
            (camera_id, zone, hour, entries, exits, dwell, peak_occupancy)
        SELECT camera_id, zone, hour, 0, 0, interval '0', max(peak)
        FROM hours, unnest(zones, peaks) AS occupancy (zone, peak)
        GROUP BY camera_id, zone, hour
        ON CONFLICT (camera_id, zone, hour) DO UPDATE
            SET peak_occupancy = excluded.peak_occupancy
            WHERE hourly_zone_counts.peak_occupancy < excluded.peak_occupancy
    """
    return coverage, lines, zones
