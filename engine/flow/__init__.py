"""Optical flow: its colours and the teachers that estimate it."""
