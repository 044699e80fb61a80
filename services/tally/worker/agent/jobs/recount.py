"""Counts a recording, with the same parts as a camera."""

from collections import Counter

from tally.api.worker.v1.task_pb2 import LineTotal, RecountRecording, RecountResult, ZoneTotal
from tally.counting import Direction, VisitKind
from tally.worker.agent.jobs.progress import Progress
from tally.worker.agent.jobs.tools import Tools
from tally.worker.agent.mapping import shapes_from_proto
from tally.worker.agent.recording import count_stream


async def recount(work: RecountRecording, tools: Tools, progress: Progress) -> RecountResult:
    """What was counted in the recording.

    Raises:
        ValueError: A line, zone or mask is none.
        SourceError: The recording cannot be read.
        DomainError: There is no such detector, or it does not answer, or knows none of the wanted classes.
    """
    counting = work.counting
    lines, zones, masks = shapes_from_proto(counting)
    detector = await tools.detector(counting.detector)
    stream = await tools.open(work.uri)
    total = stream.info.frame_count
    count = await count_stream(
        stream,
        detector,
        lines=lines,
        zones=zones,
        masks=masks,
        classes=counting.classes,
        progress=lambda done: progress.count(done, total, "frames"),
    )
    crossed = Counter((each.crossing.line, each.crossing.direction) for each in count.crossings)
    visited = Counter((visit.zone, visit.kind) for visit in count.visits)
    return RecountResult(
        detector=count.detector,
        frames=count.frames,
        corrupt_frames=count.corrupt,
        frames_per_second=count.frames_per_second,
        lines=[
            LineTotal(
                line=line.name,
                **{"in": crossed[line.name, Direction.IN]},
                out=crossed[line.name, Direction.OUT],
            )
            for line in lines
        ],
        zones=[
            ZoneTotal(
                zone=zone.name,
                entries=visited[zone.name, VisitKind.ENTRY],
                exits=visited[zone.name, VisitKind.EXIT],
                peak=count.peaks[zone.name],
            )
            for zone in zones
        ],
    )
