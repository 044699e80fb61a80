"""gRPC as every context serves and calls it."""
