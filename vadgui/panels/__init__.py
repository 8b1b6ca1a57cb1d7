"""The panels that show the pictures of one transition: the step from a frame to the next."""
