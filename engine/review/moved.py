"""Recordings of the list whose files were moved or renamed: found again by their content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.review.recording_list import ListedRecording
from engine.video.finding import find_recordings
from engine.video.fingerprint import file_fingerprint, pictures_fingerprint
from engine.video.naming import picture_files, visible_entries


def missing(recordings: Iterable[ListedRecording]) -> list[ListedRecording]:
    """Those that are not where they were."""
    return [each for each in recordings if not Path(each.path).exists()]


def find_moved(
    moved: Sequence[ListedRecording], folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[str, Path]]:
    """Yield the path of a recording, and where it is now: in `folder` or below.

    One that was never opened has no fingerprint: it is known by its name.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    by_content = {each.fingerprint: each.path for each in moved if each.fingerprint}
    by_name = {Path(each.path).name: each.path for each in moved if not each.fingerprint}
    for candidate in find_recordings([folder], should_stop):
        if not by_content and not by_name:
            return
        if isinstance(candidate, VideoError):
            continue
        before = by_name.pop(candidate.name, None)
        if before is None and by_content:
            with suppress(OSError):  # unreadable files are nobody's
                before = by_content.pop(_fingerprint(candidate), None)
        if before is not None:
            yield before, candidate


def _fingerprint(recording: Path) -> str:
    if recording.is_dir():
        return pictures_fingerprint(picture_files(visible_entries(recording)))
    return file_fingerprint(recording)
