"""The motion and frame models, and the detector they make."""
