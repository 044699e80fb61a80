"""The realtime context: live counts, streamed to whoever subscribes."""
