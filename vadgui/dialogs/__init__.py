"""Dialogs: detector, detector library, export, files and help."""
