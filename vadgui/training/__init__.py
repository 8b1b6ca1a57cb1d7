"""Training in the window: the wizard's pages, their model, and their jobs."""
