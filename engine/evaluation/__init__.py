"""How good a detector is: frame-level AUC, event-level figures, speed, and their tables and plots."""
