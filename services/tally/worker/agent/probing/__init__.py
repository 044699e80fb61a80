"""Opens streams that nobody knows yet, where they can do no harm."""
