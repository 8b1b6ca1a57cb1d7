"""Shared parts of all views: theme, icons, actions and small widgets."""
