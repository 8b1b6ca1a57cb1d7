"""The pictures of one transition."""
