"""What the gateway withstands."""
