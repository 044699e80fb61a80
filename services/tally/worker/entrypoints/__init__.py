"""How the world reaches the pool: calls and events."""
