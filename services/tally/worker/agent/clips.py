"""Cuts pieces out of a recording for people to count, with lines and zones drawn and nothing of what was counted."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tally.counting import Line, Mask, Zone
from tally.worker.agent.overlay import draw_shapes
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy, presentable
from tally.worker.agent.sources import VideoSource
from tally.worker.agent.video_writer import VideoWriter

_USUAL_FPS = 25.0


def cut_clips(
    source: VideoSource,
    spans: Mapping[Path, tuple[float, float]],
    *,
    lines: Sequence[Line],
    zones: Sequence[Zone] = (),
    masks: Sequence[Mask] = (),
    privacy: Privacy = NOTHING_HIDDEN,
    progress: Callable[[int], None] = lambda frames: None,
) -> list[Path]:
    """Write a clip of each span in one reading; returns those that hold a picture.

    Args:
        source: Open; read as far as the last span and closed here.
        spans: Of each clip, seconds from the recording's first frame: from the first, until before the second.
        lines: Drawn with the names of their directions.
        zones: Drawn with their names.
        masks: Drawn dark.
        privacy: Its areas are black. People are shown as they are in the recording, which whoever counts has.
        progress: Told how many frames are done.

    Raises:
        SourceError: The recording broke off.
        OSError: A clip cannot be written.
    """
    writers: dict[Path, VideoWriter] = {}
    last = max((end for _, end in spans.values()), default=0.0)
    with ExitStack() as stack:
        stack.callback(source.close)
        for frame in source.frames():
            if frame.time_s >= last:
                break
            progress(frame.index + 1)
            held = [path for path, (start, end) in spans.items() if start <= frame.time_s < end]
            if not held:
                continue
            drawn = draw_shapes(presentable(frame.image, privacy), lines, zones, masks)
            for path in held:
                if path not in writers:
                    writers[path] = stack.enter_context(
                        VideoWriter(
                            path,
                            width=source.info.width,
                            height=source.info.height,
                            fps=source.info.fps or _USUAL_FPS,
                        )
                    )
                writers[path].write(drawn, frame.time_s - spans[path][0])
    return list(writers)
