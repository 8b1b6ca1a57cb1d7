"""Synthetic surveillance footage of a plaza: normal activity, four kinds of anomalies, and ground truth."""
