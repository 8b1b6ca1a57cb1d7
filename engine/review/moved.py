"""Recordings of the list whose files were moved or renamed: found again by their content."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product, takewhile
from pathlib import Path

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.review.recording_list import ListedRecording
from engine.video.finding import find_recordings
from engine.video.fingerprint import file_fingerprint, pictures_fingerprint
from engine.video.naming import picture_files, visible_entries


def missing(recordings: Iterable[ListedRecording]) -> list[ListedRecording]:
    """Those that are not where they were."""
    # Of a path that is too long, pathlib raises OSError.
    return [each for each in recordings if not os.path.exists(each.path)]  # noqa: PTH110


@dataclass
class _Alike:
    """Missing recordings that nothing but their folders tells apart, and what was found of them."""

    paths: list[str] = field(default_factory=list)
    found: list[Path] = field(default_factory=list)


def find_moved(
    moved: Sequence[ListedRecording], folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[str, Path]]:
    """Yield the path of a recording, and where it is now: in `folder` or below.

    One that was never opened has no fingerprint: it is known by its name. Several that are alike come last, each with
    the file whose name and folders are most like its own.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    by_content: dict[str, _Alike] = defaultdict(_Alike)
    by_name: dict[str, _Alike] = defaultdict(_Alike)
    for each in moved:
        alike = by_content[each.fingerprint] if each.fingerprint else by_name[Path(each.path).name]
        alike.paths.append(each.path)
    for candidate in find_recordings([folder], should_stop):
        if not by_content and not by_name:
            return
        if isinstance(candidate, VideoError):
            continue
        groups, key = by_name, candidate.name
        if key not in by_name:
            groups, key = by_content, _fingerprint(candidate) if by_content else ""
        if key not in groups:
            continue
        groups[key].found.append(candidate)
        if len(groups[key].paths) == 1:
            yield groups.pop(key).paths[0], candidate
    for alike in (*by_name.values(), *by_content.values()):
        yield from _matched(alike)


def _matched(alike: _Alike) -> Iterator[tuple[str, Path]]:
    pairs = sorted(product(alike.paths, alike.found), key=lambda pair: -_common_tail(Path(pair[0]), pair[1]))
    before, now = set(alike.paths), set(alike.found)
    for path, found in pairs:
        if path in before and found in now:
            before.remove(path)
            now.remove(found)
            yield path, found


def _common_tail(one: Path, other: Path) -> int:
    """How many parts at their ends two paths have in common."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _fingerprint(recording: Path) -> str:
    """Of the content; empty where it can't be read."""
    try:
        if recording.is_dir():
            return pictures_fingerprint(picture_files(visible_entries(recording)))
        return file_fingerprint(recording)
    except OSError:
        return ""
