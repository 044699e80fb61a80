"""History of the analytics tables."""
