"""The worker context: the pool that assigns cameras to workers, and the worker that runs them."""
