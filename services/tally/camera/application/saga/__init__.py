"""Use cases that take several transactions."""
