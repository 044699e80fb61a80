"""Use cases that change something."""
