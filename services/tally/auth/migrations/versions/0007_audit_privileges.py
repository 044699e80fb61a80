"""Nobody but its owner may do more to the audit log than read and append."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        """
        DO $$
        DECLARE
            other text;
        BEGIN
            FOR other IN
                SELECT DISTINCT grantee FROM information_schema.role_table_grants
                WHERE table_name = 'audit_logs' AND grantee <> current_user
            LOOP
                EXECUTE format('REVOKE ALL ON audit_logs FROM %I', other);
                EXECUTE format('GRANT SELECT, INSERT ON audit_logs TO %I', other);
            END LOOP;
        END
        $$
        """
    )
