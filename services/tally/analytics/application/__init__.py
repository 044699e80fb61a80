"""What the analytics context does, one file for each use case."""
