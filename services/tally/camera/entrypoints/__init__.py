"""How the world reaches the use cases: calls and events."""
