"""Keeps what was counted on disk until JetStream has it."""

from tally.worker.agent.spool.spool import Entry, Spool, SpoolFull

__all__ = ["Entry", "Spool", "SpoolFull"]
