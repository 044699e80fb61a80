"""What users can have done with cameras: one file for each use case."""
