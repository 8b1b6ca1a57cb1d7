"""Makes an evidence package: a BagIt folder that can be checked by `vad verify` and by any other BagIt program."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.common.atomic_write import sync_folder, sync_tree, temporary_path
from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Noted, Progress, ShouldStop, never_stop
from engine.common.hashing import sha256_of
from engine.common.language import tr, tr_noop
from engine.common.left_out import LeftOut
from engine.common.names import displayable, fitting_name
from engine.evidence.bag import BAGIT_TXT, write_manifest, write_tags
from engine.evidence.provenance import Contents, made_now, program, provenance_json, remarks
from engine.evidence.signature import sign
from engine.export.clip import ExportOptions, export_clip
from engine.export.edit_lists import UnsuitableError
from engine.export.list_files import FORMATS, cannot_write, refuse_existing, safe_name, unique_names, write_lists
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.export.stream_copy import UncuttableError, copy_clip, copy_starts_at, copy_suffix
from engine.report.report import EvidenceOf, write_report
from engine.review.document import Verdict, from_bytes, to_bytes
from engine.review.files import SUFFIX, read_review
from engine.scoring.heat_map import EvidenceAt
from engine.video import open_video
from engine.video.source import PICTURES, size_bytes

COPYING = tr_noop("Copying the recording")
_BLOCK_BYTES = 8 << 20
_SPARE_BYTES = 64 << 20  # for all but the recordings, at the least
_READ_ME = """\
This folder is an evidence package made by vadgui.

data/originals     the recordings, bit for bit as they were; not of recordings of which something is redacted, unless
                   whoever made this asked for them
data/clips         working copies: excerpts to look at. "cut" ones hold the recording's own pictures from a keyframe
                   on, "annotated" ones are encoded anew, with scores
data/review        what people decided
data/tables        the same as tables, subtitles and edit lists
data/report.html   the report; opens in any browser
data/provenance.json   what made this, from what, when and by whose clock

`vad verify FOLDER` tells whether it is whole, and what was changed, is missing or was added. So does any program for
BagIt (RFC 8493), and `sha256sum -c manifest-sha256.txt`.
"""


@dataclass(frozen=True)
class PackageOptions:
    """What goes into a package."""

    clips: tuple[Verdict, ...] = (Verdict.CONFIRMED,)
    """There are clips of segments with these verdicts."""
    with_recordings: bool = True
    """Whether the recordings themselves are copied; else only their hashes are noted."""
    with_redacted: bool = False
    """Whether that is done, too, with recordings of which something is redacted."""

    def copies(self, recording: ReviewedRecording) -> bool:
        """Whether a recording itself is in the package."""
        return self.with_recordings and (self.with_redacted or not recording.redaction)


def make_package(
    recordings: Sequence[ReviewedRecording],
    reviews: Sequence[tuple[str, bytes]],
    folder: Path,
    options: PackageOptions | None = None,
    should_stop: ShouldStop = never_stop,
    *,
    key: Ed25519PrivateKey | None = None,
    evidence_of: EvidenceOf | None = None,
    left_out: Sequence[LeftOut] = (),
) -> Generator[Progress | Noted | Finished, None, None]:
    """Make a package in a new folder, which is there whole or not at all; `reviews` are files' names and contents.

    It is signed with a `key`, if there is one. `evidence_of` opens what tells of a recording where its evidence lies.
    The package says which recordings were `left_out` of it.

    Raises:
        ExportError: the folder exists or can't be written, the disk is too small, or a copy is not as its recording.
        VideoError: a recording can't be read.
        Cancelled: `should_stop` said yes; nothing is left.
    """
    options = options or PackageOptions()
    refuse_existing(folder)
    _refuse_small_disk(recordings, folder, options)
    with _new_folder(folder) as made:
        yield Progress(COPYING, 0, 0)
        data = made / "data"
        contents = Contents()
        names = unique_names(recordings)
        for name, recording in zip(names, recordings, strict=True):
            yield from _add_recording(recording, data, options, contents, should_stop)
            with evidence_of(recording) if evidence_of else nullcontext() as evidence:
                yield from _add_clips(recording, name, data, options, contents, evidence, should_stop)
        for file_name, content in reviews:
            _write(data / "review" / _safe(file_name), content)
        for recording in recordings:
            _add_tables(recording, data, options)
        files = [each["files"] for each in contents.recordings]
        known = {
            each.info.fingerprint: of[0]["sha256"]
            for each, of in zip(recordings, files, strict=True)
            if not each.info.path.is_dir()
        }
        report = write_report(
            recordings,
            data / "report.html",
            known_sha256=known,
            evidence_of=evidence_of,
            left_out=left_out,
            should_stop=should_stop,
        )
        yield from _without_end(report)
        _write(data / "provenance.json", provenance_json(contents, left_out))
        _write(made / "read-me.txt", _READ_ME.encode())
        hashes = yield from write_manifest(made, should_stop)
        _compare(contents, hashes)
        _finish_bag(made)
        if key:
            sign(made, key)
    yield Finished(str(folder))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder that gets its name when all went well, and is removed otherwise."""
    temporary = temporary_path(folder.absolute())
    try:
        temporary.mkdir()
        _write(temporary / "bagit.txt", BAGIT_TXT)
        yield temporary
        sync_tree(temporary)
        refuse_existing(folder)
        temporary.rename(folder.absolute())
        sync_folder(folder.absolute().parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_small_disk(recordings: Sequence[ReviewedRecording], folder: Path, options: PackageOptions) -> None:
    try:
        free = shutil.disk_usage(folder.absolute().parent).free
    except OSError as error:
        raise cannot_write(folder, error) from error
    sizes = [size_bytes(each.info.path) for each in recordings if options.copies(each)]
    if sum(sizes) + _SPARE_BYTES > free:
        raise ExportError(
            tr("The disk is too small: {needed} MiB are needed, {free} MiB are free").format(
                needed=(sum(sizes) + _SPARE_BYTES) >> 20, free=free >> 20
            ),
            subject=folder,
            advice=tr("Free some space, choose another disk, or leave the recordings out and keep only their hashes.")
            if sizes
            else tr("Free some space, or choose another disk."),
        )


def _add_recording(
    recording: ReviewedRecording, data: Path, options: PackageOptions, contents: Contents, should_stop: ShouldStop
) -> Generator[Progress, None, None]:
    path = recording.info.path
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    place = _originals(recording, data)
    noted = []
    for file in files:
        target = (place / _safe(path.name) if path.is_dir() else place) / _safe(file.name)
        if options.copies(recording):
            sha256 = yield from _copy(file, target, should_stop)
        else:
            sha256 = yield from sha256_of(file, should_stop)
        noted.append(
            {
                "name": displayable(file.name),
                "size_bytes": file.stat().st_size,
                "sha256": sha256,
                "copy": target.relative_to(data.parent).as_posix() if options.copies(recording) else None,
            }
        )
    info, detector, rule = recording.info, recording.detector, recording.rule
    contents.recordings.append(
        {
            "name": recording.name,
            "path": displayable(path.absolute()),
            "fingerprint": info.fingerprint,
            "files": noted,
            "frame_count": len(recording.times),
            "duration_seconds": round(info.duration_seconds, 6),
            "start_time": info.start.at(0).isoformat() if info.start else None,
            "start_time_from": info.start.origin if info.start else None,
            "detector": {"name": detector.name, "fingerprint": detector.fingerprint} if detector else None,
            "score": recording.score_name or None,
            "rule": asdict(rule) if rule else None,
            **remarks(recording),
        }
    )


def _copy(file: Path, target: Path, should_stop: ShouldStop) -> Generator[Progress, None, str]:
    """Copy a file's content, and when it was changed last; returns the SHA-256 of what was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, done, total = hashlib.sha256(), 0, size_bytes(file)
    with target.open("xb") as copy:
        for block in _blocks(file):
            if should_stop():
                raise Cancelled
            digest.update(block)
            copy.write(block)
            done += len(block)
            yield Progress(COPYING, done >> 20, max(total, done) >> 20)
        copy.flush()
        os.fsync(copy.fileno())
    times = file.stat()
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return digest.hexdigest()


def _blocks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as source:
            while block := source.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise VideoError(tr("The recording can't be read"), subject=file, advice=f"{error.strerror}.") from error


def _add_clips(
    recording: ReviewedRecording,
    name: str,
    data: Path,
    options: PackageOptions,
    contents: Contents,
    evidence: EvidenceAt | None,
    should_stop: ShouldStop,
) -> Generator[Progress | Noted, None, None]:
    segments = recording.only(options.clips).segments
    if not segments:
        return
    (data / "clips").mkdir(exist_ok=True, parents=True)
    scores = np.full(len(recording.times), np.nan) if recording.scores is None else recording.scores
    look = ExportOptions(
        panels=("frame",),
        score_strip=recording.scores is not None,
        threshold=recording.rule.enter if recording.rule else None,
        outlines=evidence is not None,
        mark=tr("working copy"),
        start=recording.info.start,
        zones=recording.zones,
        redaction=recording.redaction,
    )
    has_cuts = recording.info.codec != PICTURES and not recording.redaction
    suffix = copy_suffix(recording.info) if has_cuts else None
    with open_video(recording.info.path, should_stop) as source:
        for segment in segments:
            start, stop = segment.start, segment.stop
            if suffix:
                target = _clip_path(data, name, segment, f"cut{suffix}")
                try:
                    yield from _without_end(copy_clip(source, start, stop, target, should_stop))
                except (UncuttableError, VideoError):  # what can't be read at all can't be annotated either
                    contents.recordings[-1]["notes"].append(
                        f"Segment {segment.number} can't be cut without re-encoding, so there is no such clip of it."
                    )
                else:
                    _note(contents, target, data, recording, segment, copy_starts_at(source, start))
            target = _clip_path(data, name, segment, "annotated.mp4")
            look = replace(look, verdict=str(segment.verdict))
            clip = export_clip(source, None, scores, start, stop, target, look, should_stop, evidence)
            yield from _without_end(clip)
            _note(contents, target, data, recording, segment, start)


def _clip_path(data: Path, name: str, segment: ListedSegment, ending: str) -> Path:
    return data / "clips" / fitting_name(_safe(name), f".segment-{segment.number}.working-copy.{ending}")


def _note(
    contents: Contents, target: Path, data: Path, recording: ReviewedRecording, segment: ListedSegment, first: int
) -> None:
    contents.working_copies.append(
        {
            "file": target.relative_to(data.parent).as_posix(),
            "recording": recording.info.fingerprint,
            "segment": segment.number,
            "start_frame": segment.start,
            "stop_frame": segment.stop,
            "first_frame": first,
        }
    )


def _add_tables(recording: ReviewedRecording, data: Path, options: PackageOptions) -> None:
    folder = data / "tables" / recording.info.fingerprint[:8]
    recording = replace(recording, media_url=_media_url(recording, data, folder, options))
    for kind in FORMATS:
        # An edit list can't be made of every recording, and nobody asked for one.
        with suppress(UnsuitableError):
            write_lists([recording], [kind], folder)


def _media_url(recording: ReviewedRecording, data: Path, folder: Path, options: PackageOptions) -> str:
    """Where the recording is, as seen from a folder of the package: its copy, or its name alone where there is none."""
    name = _safe(recording.info.path.name)
    copy = _originals(recording, data) / name
    return quote(os.path.relpath(copy, folder).replace(os.sep, "/") if options.copies(recording) else name)


def _originals(recording: ReviewedRecording, data: Path) -> Path:
    return data / "originals" / recording.info.fingerprint[:8]


def _compare(contents: Contents, hashes: dict[str, str]) -> None:
    """Check that what lies in the package now is what was read from the recordings."""
    for recording in contents.recordings:
        for file in recording["files"]:
            if file["copy"] and hashes[file["copy"]] != file["sha256"]:
                raise ExportError(
                    tr("The copy of the recording is not as the recording"),
                    subject=file["name"],
                    advice=tr("It was changed meanwhile, or a disk is failing. Check both and make the package again."),
                )


def _finish_bag(folder: Path) -> None:
    payload = [each for each in (folder / "data").rglob("*") if each.is_file()]
    made = made_now()
    info = {
        "Bag-Software-Agent": program()["name"],
        "Bagging-Date": made["at"][:10],
        "Contact-Name": made["by"],
        "External-Description": "Evidence package of a review of surveillance video",
        "Payload-Oxum": f"{sum(each.stat().st_size for each in payload)}.{len(payload)}",
    }
    write_tags(folder, info)


def review_file(path: Path) -> tuple[str, bytes]:
    """The name of a review's file and what is in it; of a damaged one, what its backup says.

    Raises:
        ReviewError: it can't be read.
    """
    opened = read_review(path) if path.name.endswith(SUFFIX) else None
    try:
        content = path.read_bytes()
        if opened:
            from_bytes(content)
    except (OSError, ValueError):
        if opened is None:
            raise
        content = to_bytes(opened.review)
    return path.name, content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _safe(name: str) -> str:
    """A file's name that can be kept everywhere."""
    path = Path(safe_name(name))
    return fitting_name(path.stem, path.suffix)


def _without_end(
    work: Generator[Progress | Noted | Finished, None, object],
) -> Generator[Progress | Noted, None, None]:
    for event in work:
        if not isinstance(event, Finished):
            yield event
