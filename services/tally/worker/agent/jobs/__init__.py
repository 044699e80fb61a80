"""One-off jobs: taken off the queue of tasks, done, and told of."""
