"""Teaches a detector what is usual on its camera and what its scores mean there, from normal footage."""
