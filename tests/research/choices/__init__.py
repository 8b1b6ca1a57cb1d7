"""Which signals the calibrated score should take: candidate scores compared on pseudo-anomalies and the demo scene."""
