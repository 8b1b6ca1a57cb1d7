"""The window: reviews a recording with a detector. Imports the engine, never the reverse."""
