"""Who runs which camera; plain Python."""
