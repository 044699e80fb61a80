"""The notification context: what people are told, and have been told."""
