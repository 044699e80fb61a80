"""The history of the notification context's tables."""
