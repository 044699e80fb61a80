"""What a notification is; plain Python."""
