"""What a camera is and what may happen to it; plain Python."""
