"""Which signals should make the calibrated score: candidates compared on changed normal footage and the demo scene."""
