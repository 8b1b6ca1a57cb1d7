"""The motion model, the frame model, and the detector that combines them."""
