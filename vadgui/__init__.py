"""The window in which a person reviews a recording. It imports the engine; the engine never imports it."""
