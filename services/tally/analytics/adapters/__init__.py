"""How the analytics context reaches the world."""
