"""The main window and what only it shows."""
