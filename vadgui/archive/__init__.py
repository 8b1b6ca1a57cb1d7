"""An archive of many recordings in a window: a calendar, lanes of cameras, and a ranking of all segments."""
