"""The history of the auth context's tables."""
