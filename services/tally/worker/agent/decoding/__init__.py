"""Decoding in processes of its own: what crashes FFmpeg takes a few cameras down, not the worker."""

from tally.worker.agent.decoding.decoders import Decoders

__all__ = ["Decoders"]
