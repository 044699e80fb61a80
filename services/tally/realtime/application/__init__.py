"""How counts reach subscribers."""
