"""The CountAuditService of the contract."""

from dataclasses import dataclass

from tally.analytics.application.command.create_count_audit import CreateCountAudit
from tally.analytics.application.command.record_manual_count import RecordManualCount
from tally.analytics.application.query.get_count_audit import GetCountAudit
from tally.analytics.application.query.list_count_audits import ListCountAudits
from tally.analytics.application.query.report_accuracy import ReportAccuracy
from tally.analytics.entrypoints import audit_mapping
from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.api.analytics.v1.audit_service_pb2_grpc import CountAuditServiceServicer
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAuditServicer(CountAuditServiceServicer):
    """Answers calls with the use cases."""

    create: CreateCountAudit
    record: RecordManualCount
    get: GetCountAudit
    list_audits: ListCountAudits
    report: ReportAccuracy

    async def CreateAudit(  # noqa: N802 - gRPC's name
        self, request: messages.CreateAuditRequest, context: ServicerContext
    ) -> messages.CreateAuditResponse:
        """Draw samples."""
        caller = current_principal().subject
        audit = await self.create(
            request.camera_id.lower(),
            audit_mapping.span_of(request),
            audit_mapping.sample_length(request),
            request.sample_count,
            request.seed,
            caller,
            CreateRequest.of(request, request.request_id, caller),
            current_sites(),
        )
        return messages.CreateAuditResponse(audit=audit_mapping.audit_to_proto(audit))

    async def GetAudit(  # noqa: N802 - gRPC's name
        self, request: messages.GetAuditRequest, context: ServicerContext
    ) -> messages.GetAuditResponse:
        """Return one audit."""
        audit = await self.get(request.audit_id.lower(), current_sites())
        return messages.GetAuditResponse(audit=audit_mapping.audit_to_proto(audit))

    async def ListAudits(  # noqa: N802 - gRPC's name
        self, request: messages.ListAuditsRequest, context: ServicerContext
    ) -> messages.ListAuditsResponse:
        """List a camera's audits."""
        page = await self.list_audits(
            request.camera_id.lower(), current_sites(), request.page_size, request.page_token
        )
        return audit_mapping.audits_response(page)

    async def RecordManualCount(  # noqa: N802 - gRPC's name
        self, request: messages.RecordManualCountRequest, context: ServicerContext
    ) -> messages.RecordManualCountResponse:
        """Store what a person counted."""
        sample = await self.record(
            request.audit_id.lower(),
            request.sample,
            audit_mapping.tallies(request.lines),
            current_principal().subject,
            current_sites(),
        )
        lines = sorted(line.line for line in request.lines)
        return messages.RecordManualCountResponse(
            sample=audit_mapping.sample_to_proto(sample, lines)
        )

    async def ReportAccuracy(  # noqa: N802 - gRPC's name
        self, request: messages.ReportAccuracyRequest, context: ServicerContext
    ) -> messages.ReportAccuracyResponse:
        """Tell how far a camera's counts can be trusted."""
        report = await self.report(request.camera_id.lower(), current_sites())
        return audit_mapping.accuracy_response(report)
