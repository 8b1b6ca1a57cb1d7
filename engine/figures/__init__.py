"""Sheets like the paper's Figures 1, 3, 4 and 5: predictions of representative frames beside the real frames."""
