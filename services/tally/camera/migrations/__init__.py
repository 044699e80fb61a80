"""The history of the camera context's tables."""
