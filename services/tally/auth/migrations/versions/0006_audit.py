"""The audit log."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "audit_logs",
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("id", Text(collation="C"), nullable=False, unique=True),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("principal", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("request", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("trace_id", Text, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Index("audit_logs_time_idx", "time"),
        Index("audit_logs_principal_idx", "principal", "sequence"),
        Index("audit_logs_method_idx", "method", "sequence"),
        comment="What was done by whom; every row chained to the one before, none changed or removed.",
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'entries of % are neither changed nor removed', TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
