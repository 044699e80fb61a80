"""Why a camera shows nothing, as the contract says it."""

from tally.api.camera.v1 import probe_pb2
from tally.worker.agent.sources import SourceError, SourceErrorReason

_REASONS = {
    SourceErrorReason.UNSUPPORTED_SCHEME: probe_pb2.STREAM_FAILURE_REASON_UNSUPPORTED_SCHEME,
    SourceErrorReason.INVALID_URI: probe_pb2.STREAM_FAILURE_REASON_INVALID_URI,
    SourceErrorReason.NOT_FOUND: probe_pb2.STREAM_FAILURE_REASON_NOT_FOUND,
    SourceErrorReason.NOT_VIDEO: probe_pb2.STREAM_FAILURE_REASON_NOT_VIDEO,
    SourceErrorReason.FORBIDDEN: probe_pb2.STREAM_FAILURE_REASON_FORBIDDEN,
    SourceErrorReason.UNAUTHORIZED: probe_pb2.STREAM_FAILURE_REASON_UNAUTHORIZED,
    SourceErrorReason.UNREACHABLE: probe_pb2.STREAM_FAILURE_REASON_UNREACHABLE,
    SourceErrorReason.REFUSED: probe_pb2.STREAM_FAILURE_REASON_REFUSED,
    SourceErrorReason.TIMEOUT: probe_pb2.STREAM_FAILURE_REASON_TIMEOUT,
    SourceErrorReason.ENDED: probe_pb2.STREAM_FAILURE_REASON_ENDED,
    SourceErrorReason.DECODER_FAILED: probe_pb2.STREAM_FAILURE_REASON_CRASHED,
}


def failure_of(error: SourceError) -> probe_pb2.StreamFailure:
    """The contract's failure."""
    return probe_pb2.StreamFailure(reason=_REASONS[error.reason], message=str(error))
