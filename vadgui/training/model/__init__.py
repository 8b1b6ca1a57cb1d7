"""What the training wizard knows; no widgets, no threads."""
