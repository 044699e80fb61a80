"""What alembic runs to get at the database: here, the connection that `upgrade` holds already."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
