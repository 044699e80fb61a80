"""The camera context: which cameras exist, what they look at, and the lines and zones they count."""
