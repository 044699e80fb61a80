"""The ports in PostgreSQL."""
