"""Whether the promise of so many false alarms an hour is kept on normal footage."""
