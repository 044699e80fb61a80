"""What was counted and how it is summed; plain Python."""
