"""What the pool does, one file for each use case."""
