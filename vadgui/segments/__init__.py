"""The list of flagged segments."""
