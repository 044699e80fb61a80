"""How the world reaches the analytics context: calls and events."""
