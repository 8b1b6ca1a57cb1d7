"""The library of detectors: the user's own detectors, and those bundled with the program."""

from engine.detector_library.library import DetectorLibrary, LibraryEntry, detector_name, file_entry, find_detector

__all__ = ["DetectorLibrary", "LibraryEntry", "detector_name", "file_entry", "find_detector"]
