"""Turns what FFmpeg reports into one line that a person can act on.

FFmpeg's own messages repeat the whole address, credentials included, so none of their text is used.
"""

import errno

import av
import av.error

from tally.worker.agent.sources.errors import SourceError, SourceErrorReason


def opening_failed(error: Exception, label: str, timed_out_after_s: float | None) -> SourceError:
    """Explains why a source did not open.

    Args:
        error: What PyAV raised.
        label: The source's name, free of credentials.
        timed_out_after_s: The timeout, if it had run out when `error` came: FFmpeg's RTSP client
            reports its own interruption as invalid data.
    """
    if timed_out_after_s is not None:
        return SourceError(
            SourceErrorReason.TIMEOUT,
            f"{label} sent no video within {timed_out_after_s:g} s; "
            "check that the camera is streaming and that nothing filters its port",
        )
    reason, what = _explain(error)
    return SourceError(reason, f"{label} {what}")


def reading_failed(error: Exception, label: str, waited_s: float) -> SourceError:
    """Explains why a source that was open broke off, `waited_s` after the last packet."""
    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return SourceError(
            SourceErrorReason.TIMEOUT, f"{label} went silent: no packet for {waited_s:.0f} s"
        )
    return SourceError(SourceErrorReason.ENDED, f"{label} broke off while it was being read")


def _explain(error: Exception) -> tuple[SourceErrorReason, str]:
    match error:
        case av.error.FileNotFoundError():
            return SourceErrorReason.NOT_FOUND, "does not exist; check the path"
        case av.error.HTTPNotFoundError():
            return SourceErrorReason.NOT_FOUND, "is not there (404); check the URL's path"
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return SourceErrorReason.UNAUTHORIZED, "refused access; check user name and password"
        case av.error.PermissionError():
            return SourceErrorReason.UNAUTHORIZED, "may not be read; check its permissions"
        case av.error.IsADirectoryError():
            return SourceErrorReason.NOT_VIDEO, "is a folder, not a video"
        case av.error.ConnectionRefusedError():
            return SourceErrorReason.REFUSED, "refused the connection; check address and port"
        case av.error.HTTPError():
            return SourceErrorReason.UNREACHABLE, "answered with an error; check the camera"
        case av.error.ArgumentError():
            return (
                SourceErrorReason.NOT_VIDEO,
                "is a playlist, or no format that is read over HTTP; give the URL of the video itself",
            )
        case av.error.OSError(errno=errno.EIO):
            return (
                SourceErrorReason.UNREACHABLE,
                "broke off or redirects elsewhere; check the camera, and give the URL that it redirects to",
            )
        case av.error.ExitError() | av.error.TimeoutError():
            return SourceErrorReason.TIMEOUT, "did not answer in time"
        case av.InvalidDataError() | ValueError():
            return SourceErrorReason.NOT_VIDEO, "is not a video that FFmpeg can read"
        case _:
            return SourceErrorReason.UNREACHABLE, "cannot be reached; check the host's name"
