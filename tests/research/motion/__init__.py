"""What would make the motion model faster, and what becomes of its outputs."""
