"""The training wizard: from normal recordings to a detector in use."""
