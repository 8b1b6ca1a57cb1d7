"""Learns from normal footage what is normal at a camera, and what a detector's scores mean there."""
