"""The training wizard's jobs, which run in a background thread and in child processes."""
