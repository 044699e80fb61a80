"""The camera worker: one process that decodes cameras, detects, counts and publishes."""
