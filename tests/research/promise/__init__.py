"""Whether the calibrated score keeps its promised rate of false alarms on normal footage."""
