"""What everything in the engine uses: errors, events of long work, locks, files, paths, durations."""
