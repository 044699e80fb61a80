"""Users, their sessions, attempts at logging in, and the keys that sign tokens."""

from alembic import op
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)

revision = "0001"
down_revision = None

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "users",
        Column("id", Uuid, primary_key=True),
        Column("email", Text(collation="C"), nullable=False),
        Column("display_name", Text, nullable=False),
        Column("password_hash", Text, nullable=False),
        Column("roles", ARRAY(String(32)), nullable=False),
        Column("disabled", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("update_time", TIME, nullable=False),
        UniqueConstraint("email", name="users_email_key"),
        comment="Everybody who can log in.",
    )
    op.create_table(
        "user_sessions",
        Column("id", Uuid, primary_key=True),
        Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("expire_time", TIME, nullable=False),
        comment="Who is logged in.",
    )
    op.create_index("user_sessions_user_id_idx", "user_sessions", ["user_id"])
    op.create_table(
        "refresh_tokens",
        Column("digest", LargeBinary, primary_key=True),
        Column(
            "session_id", Uuid, ForeignKey("user_sessions.id", ondelete="CASCADE"), nullable=False
        ),
        Column("used_at", TIME),
        comment="The refresh tokens of every session, as SHA-256; used ones are kept to tell theft.",
    )
    op.create_index("refresh_tokens_session_id_idx", "refresh_tokens", ["session_id"])
    op.create_table(
        "login_attempts",
        Column("key", Text, primary_key=True),
        Column("since", TIME, nullable=False),
        Column("count", Integer, nullable=False),
        comment="Logins without success, by account and by address.",
    )
    op.create_table(
        "signing_keys",
        Column("id", Text, primary_key=True),
        Column("encrypted_private_key", LargeBinary, nullable=False),
        Column("signs_from", TIME, nullable=False),
        comment="Keys that sign access tokens.",
    )
