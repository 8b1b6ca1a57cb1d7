"""The main window and the widgets that only it uses."""
