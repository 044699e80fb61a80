"""Tally: cameras in, trustworthy counts out."""
