"""The clock of playback and its buttons."""
