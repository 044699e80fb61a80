"""What can be had done with users, sessions and keys: one file for each use case."""
