"""Roles as data, held everywhere or at some sites; service accounts and their keys."""

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0003"
down_revision = "0002"

_READING = ["analytics:read", "camera:read"]
_MANAGING = [
    "analytics:read", "analytics:write", "camera:delete", "camera:read", "camera:write",
    "user:read", "user:write",
]  # fmt: skip
_BUILT_IN = {
    "super-admin": ("Super admin", sorted([*_MANAGING, "system:admin"])),
    "admin": ("Admin", _MANAGING),
    "operator": ("Operator", [*_READING, "camera:write"]),
    "viewer": ("Viewer", _READING),
    "guest": ("Guest", ["analytics:read"]),
}


def upgrade() -> None:
    roles = op.create_table(
        "roles",
        Column("id", Text(collation="C"), primary_key=True),
        Column("display_name", Text, nullable=False),
        Column("permissions", ARRAY(Text), nullable=False),
        Column("built_in", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("update_time", DateTime(timezone=True), nullable=False),
        comment="Sets of permissions.",
    )
    for role_id, (display_name, permissions) in _BUILT_IN.items():
        op.execute(
            roles.insert().values(
                id=role_id,
                display_name=display_name,
                permissions=permissions,
                built_in=True,
                version=1,
                create_time=func.now(),
                update_time=func.now(),
            )
        )
    op.add_column("users", Column("role_bindings", JSONB))
    op.execute(
        "UPDATE users SET role_bindings = coalesce((SELECT jsonb_agg(jsonb_build_object("
        "'role_id', role, 'site_ids', '[]'::jsonb)) FROM unnest(roles) AS role), '[]'::jsonb)"
    )
    op.alter_column("users", "role_bindings", nullable=False)
    op.drop_column("users", "roles")
    op.create_table(
        "service_accounts",
        Column("id", Uuid(as_uuid=False), primary_key=True),
        Column("name", Text(collation="C"), nullable=False),
        Column("role_bindings", JSONB, nullable=False),
        Column("disabled", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("update_time", DateTime(timezone=True), nullable=False),
        UniqueConstraint("name", name="service_accounts_name_key"),
        comment="Programs that call on their own behalf.",
    )
    op.create_table(
        "api_keys",
        Column("id", Uuid(as_uuid=False), primary_key=True),
        Column(
            "service_account_id",
            Uuid(as_uuid=False),
            ForeignKey("service_accounts.id", ondelete="CASCADE"),
            nullable=False,
        ),
        Column("digest", LargeBinary, nullable=False, unique=True),
        Column("prefix", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("scopes", ARRAY(Text), nullable=False),
        Column("expire_time", DateTime(timezone=True)),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("last_use_time", DateTime(timezone=True)),
        comment="What service accounts get tokens with, as SHA-256.",
    )
    op.create_index("api_keys_service_account_id_idx", "api_keys", ["service_account_id"])
