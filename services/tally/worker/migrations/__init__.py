"""The history of the pool's tables."""
