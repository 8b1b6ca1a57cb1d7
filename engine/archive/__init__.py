"""The archive: an index of recordings over any number of folders, their analyses, segments and verdicts."""
