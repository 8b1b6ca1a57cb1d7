"""Keeps raw signals per frame on disk, safe against a kill at any moment; scores are derived on reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.scoring.signals import RawSignals

CHUNK_FRAMES = 256
"""Frames a database row; what a kill can lose at most."""


@dataclass(frozen=True)
class AnalysisKey:
    """What an analysis depends on; another value in any field is another analysis."""

    video_fingerprint: str
    detector_fingerprint: str
    settings: str
    """Everything else that changes the numbers (teacher, precision, version of the signals), as JSON with sorted keys."""

    @property
    def file_name(self) -> str:
        """A name for the key's database file, safe on every file system."""
        raise NotImplementedError


class ScoreStore:
    """The raw signals of one analysis, appended in frame order; frames [0, len(store)) are there."""

    def __init__(self, folder: Path, key: AnalysisKey) -> None:
        """Open or create the key's database in `folder`; a damaged one is put aside and begun anew (it is a cache).

        Raises:
            ScoreStoreError: the folder can't be written.
        """
        raise NotImplementedError

    def __len__(self) -> int:
        """Frames stored (flushed or not): the frame where an analysis resumes."""
        raise NotImplementedError

    def append(self, rows: RawSignals) -> None:
        """Add the next frames' rows [N]; every full chunk is on disk when this returns.

        Raises:
            ScoreStoreError: the disk is full or the database can't be written.
        """
        raise NotImplementedError

    def flush(self) -> None:
        """Write the rows of an incomplete chunk too."""
        raise NotImplementedError

    def read(self, start: int = 0, stop: int | None = None) -> RawSignals:
        """Rows [start, stop) of what is stored, flushed or not."""
        raise NotImplementedError

    def close(self) -> None:
        """Flush and close; closing twice is fine."""
        raise NotImplementedError

    def __enter__(self) -> ScoreStore:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
