"""Whether outlines are where something is: on pseudo-anomalies, whose place is known."""
