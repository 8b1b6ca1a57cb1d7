"""Recordings of the list whose files were moved or renamed: found again by their content."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.in_time import answer_in_time
from engine.review.recording_list import ListedRecording
from engine.video.finding import find_recordings
from engine.video.fingerprint import file_fingerprint, pictures_fingerprint
from engine.video.naming import picture_files, visible_entries


def missing(recordings: Iterable[ListedRecording]) -> list[ListedRecording]:
    """Those that are not where they were; nobody knows of those whose folders do not answer."""
    return [each for each in recordings if not _may_be_there(each.path)]


def _may_be_there(path: str) -> bool:
    # Of a path that is too long, pathlib raises OSError.
    return answer_in_time(Path(path).parent, lambda: os.path.exists(path), otherwise=True)  # noqa: PTH110


@dataclass
class _Alike:
    """Missing recordings that nothing but their folders tells apart, and what was found of them."""

    paths: list[str] = field(default_factory=list)
    found: list[Path] = field(default_factory=list)


def find_moved(
    moved: Sequence[ListedRecording], folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[str, Path]]:
    """Yield the path of a recording, and where it is now: in `folder` or below.

    One that was never opened has no fingerprint: it is known by its name, unless the file of that name is another's by
    its content. Several that are alike come last, as do those known by their names: each with the file whose name and
    folders are most like its own.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    by_content: dict[str, _Alike] = defaultdict(_Alike)
    by_name: dict[str, _Alike] = defaultdict(_Alike)
    for each in moved:
        alike = by_content[each.fingerprint] if each.fingerprint else by_name[Path(each.path).name]
        alike.paths.append(each.path)
    spare: list[Path] = []
    for candidate in find_recordings([folder], should_stop):
        if not by_content and not by_name:
            return
        if isinstance(candidate, VideoError):
            continue
        content = _fingerprint(candidate) if by_content else ""
        if content not in by_content:
            spare += [candidate] if candidate.name in by_name else []
            continue
        alike = by_content[content]
        alike.found.append(candidate)
        # A copy under the name of another recording is the last that is taken.
        if len(alike.paths) == 1 and candidate.name not in by_name:
            del by_content[content]
            spare += alike.found[:-1]
            yield alike.paths[0], candidate
    for alike in by_content.values():
        pairs = dict(_matched(alike, should_stop))
        left = set(alike.found).difference(pairs.values())
        spare += [each for each in sorted(left) if each.name in by_name]
        yield from pairs.items()
    for candidate in spare:
        by_name[candidate.name].found.append(candidate)
    for alike in by_name.values():
        yield from _matched(alike, should_stop)


def _matched(alike: _Alike, should_stop: ShouldStop) -> Iterator[tuple[str, Path]]:
    """Pairs of a path and a file, those with the most parts at their ends in common first."""
    before = {path: Path(path).parts[::-1] for path in alike.paths}
    now = {found: found.parts[::-1] for found in alike.found}
    longest = max(map(len, before.values()))
    for length in range(longest, -1, -1):
        if should_stop():
            raise Cancelled
        by_tail: dict[tuple[str, ...], list[Path]] = defaultdict(list)
        for found, parts in now.items():
            if len(parts) >= length:
                by_tail[parts[:length]].append(found)
        for files in by_tail.values():
            files.reverse()  # the first is taken first
        for path, parts in list(before.items()):
            if len(parts) >= length and (alike_files := by_tail.get(parts[:length])):
                found = alike_files.pop()
                del before[path], now[found]
                yield path, found


def _fingerprint(recording: Path) -> str:
    """Of the content; empty where it can't be read."""
    try:
        if recording.is_dir():
            return pictures_fingerprint(picture_files(visible_entries(recording)))
        return file_fingerprint(recording)
    except OSError:
        return ""
