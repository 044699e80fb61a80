"""How the realtime context reaches the world."""
