"""Modules that all of the engine uses: errors, events of long work, files, paths, devices, durations."""
