"""Cuts a clip without re-encoding: the recording's own packets, picture and sound, from a keyframe on."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from engine.common.atomic_write import temporary_path
from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Progress, ShouldStop, never_stop
from engine.common.json_values import convert
from engine.common.language import tr, tr_noop
from engine.common.remote_path import as_path
from engine.export.list_files import cannot_write, refuse_existing
from engine.redaction.regions import NOTHING_REDACTED, Redaction, redaction_in_words
from engine.video.decoder import Decoder
from engine.video.exported import mark_exported
from engine.video.header import container_facts
from engine.video.helper.client import nonsense
from engine.video.helper.tasks import called
from engine.video.helper.wire import info_of, info_values
from engine.video.source import PICTURES, VideoInfo, VideoSource
from engine.video.timing import Gap, gaps
from engine.video.trust import SOUND_CODECS, UntrustedFileError, require_trusted
from engine.video.writer import rename_to_new

PHASE = tr_noop("Copying")
_FORMATS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}
_IN_MP4 = {"h264", "hevc", "av1", "mpeg4", "vp9"}
_SOUND_IN_MP4 = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
_TELEPHONE_SOUND = {"pcm_alaw", "pcm_mulaw"}
"""What many cameras record; FFmpeg writes it into QuickTime files alone."""
_EARLIER_SECONDS = 1.0  # sound of a keyframe's time may lie before it in the file
_PROBED_FRAMES = 17  # one more than any codec reorders
_LATEST_SECONDS = 5.0  # how far behind its place a keyframe is still looked for


class UncuttableError(ExportError):
    """A recording can't be cut without re-encoding."""


def copy_starts_at(source: VideoSource, start: int) -> int:
    """The frame that a copy begins with that is to show frame `start`: the keyframe at or before it."""
    keyframes = source.keyframes
    return int(keyframes[max(int(np.searchsorted(keyframes, start, side="right")) - 1, 0)])


def skipped_gaps(source: VideoSource, start: int, stop: int) -> list[Gap]:
    """Where the recorder stopped inside a copy of frames [start, stop), which goes on at once there."""
    first = copy_starts_at(source, start)
    # Frames that can't be decoded are in the copy as they are in the recording, and take their time.
    lost = {each.frame for each in source.info.lost}
    return [gap for gap in gaps(source.times) if first < gap.frame < stop and gap.frame not in lost]


def copy_suffix(info: VideoInfo) -> str:
    """The kind of file that holds a copy: MP4, or QuickTime or Matroska for what MP4 has no place for.

    Raises:
        ExportError: there is nothing to copy.
        VideoError: the recording can't be read.
    """
    _refuse_pictures(info)
    sound = set(container_facts(info.path).sound_codecs)
    if info.codec not in _IN_MP4:
        return ".mkv"
    return ".mp4" if sound <= _SOUND_IN_MP4 else ".mov" if sound & _TELEPHONE_SOUND else ".mkv"


def copy_clip(
    source: VideoSource,
    start: int,
    stop: int,
    target: Path,
    should_stop: ShouldStop = never_stop,
    *,
    sound: bool = True,
    redaction: Redaction = NOTHING_REDACTED,
) -> Generator[Progress | Finished, None, None]:
    """Copy frames [start, stop) with their sound to `target`, from `copy_starts_at` on, bit for bit.

    A few frames behind the last one stay where frames before it are predicted from them. Gaps are skipped.

    Raises:
        UncuttableError: the recording does not say when its packets are shown, or no kind of copy can hold them.
        ExportError: the target exists or can't be written, or something of the recording is redacted.
        VideoError: the recording can't be read.
        Cancelled: `should_stop` said yes; no file is left.
    """
    refuse_redacted(source.info, redaction)
    _refuse(source.info, target)
    first = copy_starts_at(source, start)
    end = float(source.times[stop]) if stop < len(source) else np.inf
    temporary = temporary_path(target)
    began = time.monotonic()
    total = stop - first
    yield Progress(PHASE, 0, total)
    try:
        temporary.touch(exist_ok=False)
        gaps_inside = tuple(skipped_gaps(source, start, stop))
        cut = _Cut(source.info, float(source.times[first]), end, gaps_inside, target, temporary, sound)
        for done in _cut(cut, should_stop):
            per_second = done / max(time.monotonic() - began, 1e-6)
            yield Progress(PHASE, min(done, total), total, per_second, max(total - done, 0) / per_second)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        rename_to_new(temporary, target)
    except FileExistsError:
        refuse_existing(target)
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    yield Finished(str(target))


@dataclass(frozen=True)
class _Cut:
    """What is copied, and to where."""

    info: VideoInfo
    start_seconds: float
    stop_seconds: float
    gaps: tuple[Gap, ...]
    target: Path
    temporary: Path
    """What is written, before it has the name of the target."""
    sound: bool


def _cut(cut: _Cut, should_stop: ShouldStop) -> Iterator[int]:
    """Copy the packets, wherever FFmpeg may read the recording; yields the number of copied frames after each."""
    try:
        yield from _cut_here(cut, should_stop)
    except UntrustedFileError:
        yield from _cut_by_helper(cut, should_stop)


def _cut_here(cut: _Cut, should_stop: ShouldStop) -> Iterator[int]:
    suffix = cut.target.suffix.lower()
    options = {} if suffix == ".mkv" else {"movflags": "+faststart"}
    try:
        with closing(Decoder(cut.info.path, 1)) as decoder:
            for stream in decoder.container.streams.audio if cut.sound else ():
                if stream.codec_context:  # FFmpeg has to look into sound to tell what it is
                    require_trusted(cut.info.path, stream.codec_context.name, SOUND_CODECS)
            with av.open(str(cut.temporary), "w", format=_FORMATS[suffix], options=options) as output:
                mark_exported(output.metadata)
                copy = _Copy(decoder, output, cut.start_seconds, cut.stop_seconds, cut.info, cut.sound)
                copy.skip(list(cut.gaps))
                for done in copy.packets():
                    if should_stop():
                        raise Cancelled
                    yield done
    except (av.FFmpegError, OSError) as error:
        raise cannot_write(cut.target, error) from error


def _cut_by_helper(cut: _Cut, should_stop: ShouldStop) -> Iterator[int]:
    arguments = {
        "info": info_values(cut.info),
        "start_seconds": cut.start_seconds,
        "stop_seconds": cut.stop_seconds if np.isfinite(cut.stop_seconds) else None,
        "gaps": [asdict(gap) for gap in cut.gaps],
        "target": str(cut.target),
        "temporary": str(cut.temporary),
        "sound": cut.sound,
    }
    with closing(called(cut.info.path, "engine.export.stream_copy:cut_task", should_stop, **arguments)) as answers:
        for message, _ in answers:
            if uncuttable := message.get("uncuttable"):
                what, subject, advice = convert(uncuttable, tuple[str, str, str])
                raise UncuttableError(what, subject=subject, advice=advice)
            done = message.get("done")
            if type(done) is not int:
                raise nonsense(cut.info.path)
            yield done


def cut_task(
    path: str,
    info: dict[str, Any],
    start_seconds: float,
    stop_seconds: float | None,
    gaps: list[dict[str, Any]],
    target: str,
    temporary: str,
    sound: bool,
    should_stop: ShouldStop = never_stop,
) -> Iterator[tuple[dict[str, Any], None]]:
    """In a helper: write the copy to the temporary file."""
    skipped = tuple(Gap(**gap) for gap in gaps)
    stop = np.inf if stop_seconds is None else stop_seconds
    facts = info_of(info, as_path(path))
    cut = _Cut(facts, start_seconds, stop, skipped, Path(target), Path(temporary), sound)
    try:
        for done in _cut_here(cut, should_stop):
            yield {"done": done}, None
    except UncuttableError as error:
        yield {"uncuttable": [error.what, error.subject, error.advice]}, None


class _Copy:
    """Packets of one clip on their way from file to file."""

    def __init__(
        self,
        decoder: Decoder,
        output: OutputContainer,
        start_seconds: float,
        stop_seconds: float,
        info: VideoInfo,
        sound: bool,
    ) -> None:
        self._decoder = decoder
        self._output = output
        self._info = info
        self._has_sound = sound
        self._origin = self._first_seconds()
        self._start = self._origin + start_seconds
        self._stop = self._origin + stop_seconds
        """Both on the clock that picture and sound share."""
        self._gaps: list[Gap] = []

    def skip(self, gaps_inside: list[Gap]) -> None:
        """Go on at once where the recorder stopped."""
        self._gaps = gaps_inside

    def packets(self) -> Iterator[int]:
        """Write the packets; yields the number of copied frames after each."""
        self._seek()
        container, video = self._decoder.container, self._decoder.stream
        sound = [each for each in container.streams.audio if each.codec_context] if self._has_sound else []
        streams: list[Stream] = [video, *sound]
        copies = self._copies(streams)
        frames = 0
        waiting: list[Packet[Stream]] = []  # frames behind the last one: written if one before it needs them
        has_begun = False
        for packet in self._demuxed(streams):
            if packet.pts is None or packet.time_base is None or not packet.size:
                continue
            at = float(packet.pts * packet.time_base)
            if packet.stream.index != video.index:
                if self._start <= at < self._stop and not self._is_in_gap(packet.pts, packet.time_base):
                    self._mux(packet, copies[packet.stream.index])
                continue
            if not has_begun:
                has_begun = packet.is_keyframe and self._is_at(at, packet.time_base)
                if not has_begun:
                    if at > self._start + _LATEST_SECONDS:
                        break
                    continue
            elif at < self._start and not self._is_at(at, packet.time_base):
                continue  # shown before the keyframe that it follows: it is predicted from what is left out
            if at < self._stop - float(packet.time_base) / 2:
                for each in (*waiting, packet):
                    self._mux(each, copies[video.index])
                    frames += 1
                waiting.clear()
                yield frames
            else:
                waiting.append(packet)
                if packet.dts is not None and float(packet.dts * packet.time_base) >= self._stop:
                    break
        if not frames:
            raise self._unreliable()

    def _demuxed(self, streams: list[Stream]) -> Iterator[Packet[Stream]]:
        try:
            yield from self._decoder.container.demux(streams)
            self._decoder.check_reads()
        except av.FFmpegError as error:
            raise VideoError(
                tr("The recording can't be read to the end of the clip"),
                subject=self._info.path,
                advice=tr("It is damaged there: copy it again from where it came from, or export an encoded clip."),
            ) from error

    def _copies(self, streams: list[Stream]) -> dict[int, Stream]:
        try:
            copies = {each.index: self._output.add_stream_from_template(each) for each in streams}
        except ValueError as error:
            suffix = copy_suffix(self._info)
            if self._output.format.name == _FORMATS[suffix]:
                raise UncuttableError(
                    tr("The recording can't be cut without re-encoding: no kind of copy can hold its picture or sound"),
                    subject=self._info.name,
                    advice=tr("Export an encoded clip instead."),
                ) from error
            raise ExportError(
                tr("A file of this kind can't hold the recording's picture or sound"),
                subject=self._output.format.long_name,
                advice=tr("Give the file a name in {suffix}.").format(suffix=suffix),
            ) from error
        video = self._decoder.stream
        if pixel_aspect := video.sample_aspect_ratio:
            # Where the container alone says it, a template does not tell; FFmpeg's Matroska does not take it either.
            cast(VideoStream, copies[video.index]).codec_context.sample_aspect_ratio = pixel_aspect
        return copies

    def _first_seconds(self) -> float:
        """When the first frame is shown, by the clock of the file."""
        shown_at = [
            None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
            for frame in islice(self._decoder.frames(), _PROBED_FRAMES)
        ]
        times = [each for each in shown_at if each is not None]
        # AVI has the times of decoding alone: with B-frames, frames come in order and their times do not.
        if not times or len(times) < len(shown_at) or times != sorted(times):
            raise self._unreliable()
        return times[0]

    def _seek(self) -> None:
        earlier = self._start - _EARLIER_SECONDS
        if earlier <= self._origin:
            # Transport streams are searched by the time of decoding, which is before that of the first frame.
            self._decoder.restart()
            return
        video = self._decoder.stream
        assert video.time_base is not None
        try:
            self._decoder.container.seek(round(earlier / video.time_base), stream=video)
        except (av.FFmpegError, OverflowError) as error:
            raise self._unreliable() from error

    def _is_at(self, seconds: float, time_base: Fraction) -> bool:
        return abs(seconds - self._start) <= max(float(time_base) / 2, 1e-6)

    def _is_in_gap(self, time_ticks: int, tick: Fraction) -> bool:
        at = self._seconds(time_ticks, tick)
        return any(gap.start_seconds < at < gap.stop_seconds for gap in self._gaps)

    def _mux(self, packet: Packet[Stream], copy: Stream) -> None:
        assert packet.time_base is not None
        tick = packet.time_base
        packet.pts = None if packet.pts is None else self._moved(packet.pts, tick)
        packet.dts = None if packet.dts is None else self._moved(packet.dts, tick)
        packet.stream = copy
        try:
            self._output.mux(packet)
        except av.error.ArgumentError as error:  # its times go back
            raise self._unreliable() from error

    def _seconds(self, time_ticks: int, tick: Fraction) -> float:
        """In the recording; half a tick later, since times are rounded."""
        return float((time_ticks + 0.5) * tick) - self._origin

    def _moved(self, time_ticks: int, tick: Fraction) -> int:
        """A time of showing or decoding in the clip."""
        # What is shown right after a gap may be decoded at a time inside it.
        at = self._seconds(time_ticks, tick)
        skipped = sum(gap.seconds for gap in self._gaps if gap.start_seconds < at)
        return time_ticks - round(self._start / tick) - round(skipped / tick)

    def _unreliable(self) -> UncuttableError:
        return UncuttableError(
            tr(
                "This recording does not say reliably when its frames are shown, so it can't be cut without re-encoding"
            ),
            subject=self._info.name,
            advice=tr("Export an encoded clip instead."),
        )


def refuse_redacted(info: VideoInfo, redaction: Redaction) -> None:
    """Check that nothing is redacted: a copy shows all that was recorded.

    Raises:
        ExportError: something is.
    """
    if redaction:
        raise ExportError(
            tr("Cut without re-encoding, a clip would show what is redacted ({what})").format(
                what=redaction_in_words(redaction)
            ),
            subject=info.name,
            advice=tr("Export an encoded clip instead, or say that nothing is to be redacted."),
        )


def _refuse_pictures(info: VideoInfo) -> None:
    if info.codec == PICTURES:
        raise ExportError(
            tr("A folder of pictures can't be cut without re-encoding"),
            subject=info.name,
            advice=tr("Export an encoded clip instead."),
        )


def _refuse(info: VideoInfo, target: Path) -> None:
    _refuse_pictures(info)
    if target.suffix.lower() not in _FORMATS:
        raise ExportError(
            tr("Copies are MP4, Matroska or QuickTime files"),
            subject=target,
            advice=tr("Give the file a name in {suffix}.").format(suffix=copy_suffix(info)),
        )
    refuse_existing(target)
