"""Positions in the stream of counts, and what can go wrong with them; plain Python."""
