"""The format of times in the whole window."""

from engine.common.clock_text import clock_text

__all__ = ["clock_text"]
