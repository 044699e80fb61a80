"""The methods that show the audit log."""

from dataclasses import dataclass

from tally.api.auth.v1 import audit_service_pb2 as messages
from tally.api.auth.v1.audit_service_pb2_grpc import AuditServiceServicer
from tally.auth.application.query.list_audit_entries import ListAuditEntries
from tally.auth.application.query.verify_audit_log import VerifyAuditLog
from tally.auth.mapping.audit import entry_to_proto, wanted_from_proto
from tally.kernel.grpc.call import ServicerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditServicer(AuditServiceServicer):
    """Serves `tally.api.auth.v1.AuditService`."""

    list_audit_entries: ListAuditEntries
    verify_audit_log: VerifyAuditLog

    async def ListAuditEntries(  # noqa: N802 - gRPC's name
        self, request: messages.ListAuditEntriesRequest, context: ServicerContext
    ) -> messages.ListAuditEntriesResponse:
        """List entries, newest first."""
        page = await self.list_audit_entries(
            wanted_from_proto(request), request.page_size, request.page_token
        )
        return messages.ListAuditEntriesResponse(
            entries=map(entry_to_proto, page.items), next_page_token=page.next_page_token
        )

    async def VerifyAuditLog(  # noqa: N802 - gRPC's name
        self, request: messages.VerifyAuditLogRequest, context: ServicerContext
    ) -> messages.VerifyAuditLogResponse:
        """Tell whether the log is whole."""
        found = await self.verify_audit_log()
        return messages.VerifyAuditLogResponse(
            whole=not found.first_broken,
            entries=found.entries,
            first_broken_sequence=found.first_broken,
            last_hash=found.last_hash.hex(),
        )
