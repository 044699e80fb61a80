"""Adds rows to the sums over quarters of an hour: rows that are new, or, to build the sums again, all rows.

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

QUARTER = "interval '15 minutes'"


def quarter(moment: str) -> str:
    """The quarter of an hour that a moment is in."""
    return f"date_bin({QUARTER}, {moment}, TIMESTAMPTZ '2000-01-01 00:00Z')"


def crossing_sums() -> str:
    """Columns with the numbers and doubts of crossings, inwards and outwards."""
    # Crossings from before confidence was told have none, and are not doubted.
    doubt = "CAST(round((1 - nullif(confidence, 0)) * 1000000) AS bigint)"
    return f"""
        count(*) FILTER (WHERE direction = 'in') AS in_count,
        count(*) FILTER (WHERE direction = 'out') AS out_count,
        coalesce(sum({doubt}) FILTER (WHERE direction = 'in'), 0) AS in_doubt,
        coalesce(sum({doubt}) FILTER (WHERE direction = 'out'), 0) AS out_doubt
    """


def add_crossings(rows: str) -> str:
    """Add the crossings that the statement `rows` returns; returns how many there were."""
    return f"""
        WITH added AS ({rows}), summed AS (
            INSERT INTO line_counts
                (camera_id, line, quarter, in_count, out_count, in_doubt, out_doubt)
            SELECT camera_id, line, {quarter("time")} AS quarter, {crossing_sums()}
            FROM added GROUP BY camera_id, line, quarter
            ON CONFLICT (camera_id, line, quarter) DO UPDATE SET
                in_count = line_counts.in_count + excluded.in_count,
                out_count = line_counts.out_count + excluded.out_count,
                in_doubt = line_counts.in_doubt + excluded.in_doubt,
                out_doubt = line_counts.out_doubt + excluded.out_doubt
        )
        SELECT count(*) FROM added
    """


def add_visits(rows: str) -> str:
    """Add the visits that the statement `rows` returns; returns how many there were."""
    return f"""
        WITH added AS ({rows}), summed AS (
            INSERT INTO zone_counts
                (camera_id, zone, quarter, entries, exits, dwell, peak_occupancy)
            SELECT camera_id, zone, {quarter("time")} AS quarter,
                count(*) FILTER (WHERE kind = 'entry'), count(*) FILTER (WHERE kind = 'exit'),
                coalesce(sum(dwell), interval '0'), 0
            FROM added GROUP BY camera_id, zone, quarter
            ON CONFLICT (camera_id, zone, quarter) DO UPDATE SET
                entries = zone_counts.entries + excluded.entries,
                exits = zone_counts.exits + excluded.exits,
                dwell = zone_counts.dwell + excluded.dwell
        )
        SELECT count(*) FROM added
    """


def add_observations(condition: str) -> tuple[str, ...]:
    """Statements that add the stored records (alias `o`) which meet `condition`."""
    quarters = f"""
        WITH spans AS (
            SELECT o.*, CASE WHEN o.start_time - p.end_time <= {LONGEST_PAUSE}
                THEN least(p.end_time, o.start_time) ELSE o.start_time END AS begin_time
            FROM observations o LEFT JOIN observations p ON p.camera_id = o.camera_id
                AND p.run_id = o.run_id AND p.sequence = o.sequence - 1
            WHERE {condition}
        ), quarters AS (
            SELECT spans.*, quarter,
                tstzrange(greatest(begin_time, quarter), least(end_time, quarter + {QUARTER})) AS part
            FROM spans, LATERAL generate_series(
                {quarter("begin_time")}, end_time, {QUARTER}
            ) AS quarter
            WHERE quarter < end_time OR quarter = begin_time
        )
    """
    coverage = f"""{quarters}
        INSERT INTO coverage (camera_id, quarter, observed)
        SELECT camera_id, quarter, range_agg(part) FROM quarters GROUP BY camera_id, quarter
        ON CONFLICT (camera_id, quarter) DO UPDATE
            SET observed = coverage.observed + excluded.observed
            WHERE NOT coverage.observed @> excluded.observed
    """
    lines = f"""{quarters}
        INSERT INTO line_counts
            (camera_id, line, quarter, in_count, out_count, in_doubt, out_doubt)
        SELECT DISTINCT camera_id, line, quarter, 0, 0, 0, 0 FROM quarters, unnest(lines) AS line
        ON CONFLICT DO NOTHING
    """
    zones = f"""{quarters}
        INSERT INTO zone_counts
            (camera_id, zone, quarter, entries, exits, dwell, peak_occupancy)
        SELECT camera_id, zone, quarter, 0, 0, interval '0', max(peak)
        FROM quarters, unnest(zones, peaks) AS occupancy (zone, peak)
        GROUP BY camera_id, zone, quarter
        ON CONFLICT (camera_id, zone, quarter) DO UPDATE
            SET peak_occupancy = excluded.peak_occupancy
            WHERE zone_counts.peak_occupancy < excluded.peak_occupancy
    """
    return coverage, lines, zones
