"""The analysis of a recording: frames through a detector into stored raw signals."""
