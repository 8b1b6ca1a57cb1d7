"""A person's own detectors, and those that came with the program."""

from engine.detector_library.library import DetectorLibrary, LibraryEntry, detector_name, find_detector

__all__ = ["DetectorLibrary", "LibraryEntry", "detector_name", "find_detector"]
