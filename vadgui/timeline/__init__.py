"""The anomaly score over the whole recording."""
