"""What is open, what its scores say and what is on screen: shared by every view, no widgets."""
