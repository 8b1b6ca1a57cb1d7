"""The training wizard's model: state without widgets or threads."""
