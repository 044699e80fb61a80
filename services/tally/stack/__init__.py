"""Runs the whole mesh on one machine, from wheels."""
