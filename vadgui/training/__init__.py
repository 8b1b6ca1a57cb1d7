"""Training in the window: the wizard, what it knows, and the work it asks for."""
