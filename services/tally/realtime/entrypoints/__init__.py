"""How the world reaches the realtime context."""
