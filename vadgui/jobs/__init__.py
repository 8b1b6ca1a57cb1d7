"""Work beside the GUI thread: the engine worker and the export queue."""
