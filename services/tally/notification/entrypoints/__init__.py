"""How calls reach the use cases."""
