"""The list of recordings: its rows, its dock, and what keeps it and its analyses going."""
