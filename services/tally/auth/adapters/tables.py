"""The auth context's tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tally.kernel.idempotency import create_requests_table
from tally.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table(metadata)
create_requests = create_requests_table(metadata)
UNIQUE_EMAIL = "users_email_key"
UNIQUE_ACCOUNT_NAME = "service_accounts_name_key"

roles = Table(
    "roles",
    metadata,
    Column("id", Text(collation="C"), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("built_in", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    comment="Sets of permissions.",
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    # Byte order is the same on every machine and after every upgrade of its language data.
    Column("email", Text(collation="C"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role_bindings", JSONB, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_change_required", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    UniqueConstraint("email", name=UNIQUE_EMAIL),
    comment="Everybody who can log in.",
)

service_accounts = Table(
    "service_accounts",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("role_bindings", JSONB, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    UniqueConstraint("name", name=UNIQUE_ACCOUNT_NAME),
    comment="Programs that call on their own behalf.",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column(
        "service_account_id", ForeignKey("service_accounts.id", ondelete="CASCADE"), nullable=False
    ),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("expire_time", DateTime(timezone=True)),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("last_use_time", DateTime(timezone=True)),
    Index("api_keys_service_account_id_idx", "service_account_id"),
    comment="What service accounts get tokens with, as SHA-256.",
)

sessions = Table(
    "user_sessions",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("expire_time", DateTime(timezone=True), nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("last_use_time", DateTime(timezone=True), nullable=False),
    Index("user_sessions_user_id_idx", "user_id"),
    comment="Who is logged in.",
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", ForeignKey("user_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Index("refresh_tokens_session_id_idx", "session_id"),
    comment="The refresh tokens of every session, as SHA-256; used ones are kept to tell theft.",
)

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("email", Text(collation="C"), nullable=False),
    Column("role_bindings", JSONB, nullable=False),
    Column("expire_time", DateTime(timezone=True), nullable=False),
    UniqueConstraint("purpose", "email"),
    comment="Tokens that were sent to somebody and count once, as SHA-256.",
)

attempts = Table(
    "login_attempts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("count", Integer, nullable=False),
    comment="Logins without success, by account and by address.",
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("encrypted_private_key", LargeBinary, nullable=False),
    Column("signs_from", DateTime(timezone=True), nullable=False),
    comment="Keys that sign access tokens.",
)

audit_logs = Table(
    "audit_logs",
    metadata,
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
