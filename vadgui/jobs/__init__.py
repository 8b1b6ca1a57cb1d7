"""Work outside the GUI thread: the engine worker, the export queue and the background thread."""
