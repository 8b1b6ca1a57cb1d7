"""The list of flagged segments: model, delegate and view."""
