"""The ports over PostgreSQL."""
