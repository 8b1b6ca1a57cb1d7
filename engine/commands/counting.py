"""Counts of things on the command line, which is English."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """How many things there are, by the regular plural of their name."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
