"""The ports in PostgreSQL, argon2 and JSON Web Tokens."""
