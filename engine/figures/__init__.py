"""Sheets like the paper's Figures 1, 3, 4 and 5: what a detector expected of telling frames, beside what came."""
