"""Between the messages about audits of counts and the domain."""

from collections.abc import Sequence
from datetime import timedelta

from tally.analytics.application.query.list_count_audits import CountAuditPage
from tally.analytics.application.query.report_accuracy import AccuracyReport
from tally.analytics.domain.accuracy import Accuracy, Proportion, Ratio
from tally.analytics.domain.count_audit import CountAudit, LineTallies, ManualCount, Sample
from tally.analytics.domain.errors import LinesMismatch
from tally.analytics.domain.model import Direction
from tally.analytics.domain.timespan import TimeSpan
from tally.analytics.entrypoints.mapping import DIRECTION_VALUES, to_timestamp
from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.kernel.messages import moment

MINUTE = timedelta(minutes=1)


def span_of(request: messages.CreateAuditRequest) -> TimeSpan | None:
    """The range to audit; None for the last recording."""
    start, end = moment(request, "start_time"), moment(request, "end_time")
    return TimeSpan(start, end) if start and end else None


def sample_length(request: messages.CreateAuditRequest) -> timedelta:
    """How long samples are to be."""
    return request.sample_length.ToTimedelta() if request.HasField("sample_length") else MINUTE


def tallies(lines: Sequence[messages.ManualLineCount]) -> LineTallies:
    """What a person counted.

    Raises:
        LinesMismatch: A line is there twice.
    """
    names = tuple(line.line for line in lines)
    if len(set(names)) < len(names):
        raise LinesMismatch(tuple(dict.fromkeys(names)))
    ins = {(line.line, Direction.IN): line.in_count for line in lines}
    return ins | {(line.line, Direction.OUT): line.out_count for line in lines}


def audit_to_proto(audit: CountAudit) -> messages.CountAudit:
    """The audit as its contract has it."""
    return messages.CountAudit(
        id=audit.id,
        camera_id=audit.camera_id,
        start_time=to_timestamp(audit.span.start),
        end_time=to_timestamp(audit.span.end),
        seed=audit.seed,
        lines=audit.lines,
        samples=[sample_to_proto(sample, audit.lines) for sample in audit.samples],
        creator=audit.creator,
        create_time=to_timestamp(audit.create_time),
    )


def sample_to_proto(sample: Sample, lines: Sequence[str]) -> messages.CountAuditSample:
    """The sample as its contract has it, with the lines in this order."""
    return messages.CountAuditSample(
        number=sample.number,
        start_time=to_timestamp(sample.span.start),
        end_time=to_timestamp(sample.span.end),
        revisions=[_manual_count(count, lines) for count in sample.revisions],
    )


def audits_response(page: CountAuditPage) -> messages.ListAuditsResponse:
    """A page of audits."""
    return messages.ListAuditsResponse(
        audits=map(audit_to_proto, page.audits), next_page_token=page.next_page_token
    )


def accuracy_response(report: AccuracyReport) -> messages.ReportAccuracyResponse:
    """How far a camera's counts can be trusted."""
    rows = []
    for (line, direction), cell in report.lines.items():
        row = _accuracy(cell)
        row.line, row.direction = line, DIRECTION_VALUES[direction]
        rows.append(row)
    return messages.ReportAccuracyResponse(
        counted_samples=report.counted_samples,
        samples=report.samples,
        lines=rows,
        total=_accuracy(report.total),
    )


def _manual_count(count: ManualCount, lines: Sequence[str]) -> messages.ManualCount:
    return messages.ManualCount(
        lines=[
            messages.ManualLineCount(
                line=line,
                in_count=count.tallies[line, Direction.IN],
                out_count=count.tallies[line, Direction.OUT],
            )
            for line in lines
        ],
        principal=count.principal,
        time=to_timestamp(count.time),
    )


def _accuracy(cells: Accuracy) -> messages.Accuracy:
    return messages.Accuracy(
        true_count=cells.true,
        counted=cells.counted,
        absolute_error=cells.absolute_error,
        recall=_proportion(cells.recall),
        precision=_proportion(cells.precision),
        count_ratio=_ratio(cells.count_ratio),
    )


def _proportion(proportion: Proportion | None) -> messages.Proportion | None:
    if proportion is None:
        return None
    lower, upper = proportion.interval
    return messages.Proportion(
        successes=proportion.successes,
        trials=proportion.trials,
        value=proportion.value,
        lower=lower,
        upper=upper,
    )


def _ratio(ratio: Ratio | None) -> messages.Ratio | None:
    if ratio is None:
        return None
    return messages.Ratio(value=ratio.value, standard_error=ratio.standard_error)
