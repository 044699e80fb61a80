"""What users, sessions and keys are and what may happen to them; plain Python."""
