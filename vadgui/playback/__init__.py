"""Playback: its clock and its buttons."""
