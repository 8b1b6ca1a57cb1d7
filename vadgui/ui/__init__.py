"""What every view is made of: theme, icons, actions and small widgets."""
