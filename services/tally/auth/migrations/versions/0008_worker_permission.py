"""Workers have a permission of their own; whoever could act as one before still can. Operators audit counts."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "UPDATE roles SET permissions = permissions || '{worker:run}', version = version + 1, "
        "update_time = now() WHERE 'analytics:write' = ANY (permissions)"
    )
    op.execute(
        "UPDATE api_keys SET scopes = scopes || '{worker:run}' "
        "WHERE 'analytics:write' = ANY (scopes)"
    )
    op.execute(
        "UPDATE roles SET permissions = "
        "'{analytics:read,analytics:write,camera:read,camera:write}', version = version + 1, "
        "update_time = now() WHERE id = 'operator' AND built_in"
    )
