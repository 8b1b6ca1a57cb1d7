"""The training wizard's work, beside the GUI thread and in processes of its own."""
