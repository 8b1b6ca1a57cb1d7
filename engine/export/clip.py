"""Exports annotated clips: frames with their predictions and scores, as a video that plays anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import Inspection, inspect
from engine.common.durations import duration_in_words
from engine.common.errors import Cancelled, ExportError
from engine.common.events import Finished, Progress, ShouldStop, never_stop
from engine.common.language import tr, tr_noop
from engine.export.header import Title
from engine.export.layout import Layout, plan_layout, plan_side_by_side
from engine.export.mosaic import BurntIn, Mosaic, Panel
from engine.export.plain import PlainPicture
from engine.export.score_strip import ScoreStrip
from engine.redaction.regions import NOTHING_REDACTED, Redaction
from engine.redaction.source import redacted
from engine.scoring.calibrated_scorer import calibrated_leave
from engine.scoring.where import Outline, WindowEvidence
from engine.scoring.zones import Zones
from engine.video.encoding import USUAL_ENCODING, ClipFormat, Encoding
from engine.video.frame import Frame
from engine.video.picture_sequence import PictureSequence
from engine.video.sound import ClipSound, sound_of
from engine.video.source import VideoInfo, VideoSource, ends_of
from engine.video.timing import gaps, shown_seconds, without_gaps
from engine.video.wall_clock import RecordingStart
from engine.video.writer import ClipWriter

if TYPE_CHECKING:
    # torch takes seconds to import; callers that have a Predictor have imported it already.
    from engine.models.predictor import Predictor

PANELS: tuple[Panel, ...] = get_args(Panel)
"""All panels in their default order."""
PHASE = tr_noop("Exporting")
_NOTE_SECONDS = 1.0


class ClipLayout(StrEnum):
    """What stands where in a clip."""

    ORIGINAL = "original"
    """The frame alone, in the recording's own size, with nothing drawn on it."""
    OUTLINES = "outlines"
    """The same with lines round what stands out, and what does not count hatched."""
    SIDE_BY_SIDE = "side-by-side"
    """The chosen panels in a row, all of one size."""
    MOSAIC = "mosaic"
    """The first of the chosen panels large, the others beside it, the score strip below."""


@dataclass(frozen=True)
class ExportOptions:
    """What a clip shows, and how it is encoded."""

    panels: tuple[Panel, ...] = PANELS
    """Panels in the order of display, the first one large; all but "frame" need a detector."""
    layout: ClipLayout = ClipLayout.MOSAIC
    """The first two show the frame whatever panels are chosen."""
    score_strip: bool = True
    """Whether to draw the anomaly scores of the clip and some seconds around it below the panels."""
    threshold: float | None = None
    """Alarm threshold to draw in the score strip; None for none."""
    outlines: bool = False
    """Whether to draw lines round what stands out in flagged frames; needs a threshold, a calibrated detector and the
    analysis's evidence. Not with the layout "original"."""
    overlay_opacity: float = 0.0
    """Opacity in [0, 1] of the marks on suspicious patches of the frame; above 0 needs a detector."""
    zones: Zones = ()
    """Of the picture: what does not count in the scores is hatched in the frame. Not with the layout "original"."""
    redaction: Redaction = NOTHING_REDACTED
    """What of the recording is not to be seen; where there is something, the clip has no sound either."""
    start: RecordingStart | None = None
    """When the recording began, as the review's clock has it; None where no time of day is known."""
    mark: str = ""
    """What stands before the recording's name, such as that this is a working copy."""
    verdict: str = ""
    """A person's word on the segment, to be written into the picture; empty where there is none."""
    burnt_in: BurntIn = field(default_factory=BurntIn)
    encoding: Encoding = USUAL_ENCODING
    """Format of the file, codec, quality or size."""
    sound: bool = True
    """Whether the clip has the recording's sound, where it has some."""

    def __post_init__(self) -> None:
        if not self.panels or len(set(self.panels)) < len(self.panels) or not set(self.panels) <= set(PANELS):
            raise ValueError(f"panels must be some of {PANELS}, each once, not {self.panels}")
        if not 0 <= self.overlay_opacity <= 1:
            raise ValueError(f"opacity lies in [0, 1], not at {self.overlay_opacity}")

    @property
    def needs_detector(self) -> bool:
        """Whether the clip shows anything that is predicted."""
        return not self.is_plain and (self.panels != ("frame",) or self.overlay_opacity > 0)

    @property
    def has_strip(self) -> bool:
        """Whether the clip shows the score strip."""
        return self.score_strip and self.layout is ClipLayout.MOSAIC

    @property
    def is_plain(self) -> bool:
        """Whether the clip is the recording's own picture with nothing around it."""
        return self.layout in (ClipLayout.ORIGINAL, ClipLayout.OUTLINES)

    @property
    def needs_evidence(self) -> bool:
        """Whether the clip shows where the evidence lies."""
        shows_frame = self.layout is ClipLayout.OUTLINES or (not self.is_plain and "frame" in self.panels)
        return self.outlines and shows_frame and self.threshold is not None


def export_clip(
    source: VideoSource,
    predictor: Predictor | None,
    scores: npt.NDArray[np.floating],
    segment_start: int,
    segment_stop: int,
    target: Path,
    options: ExportOptions | None = None,
    should_stop: ShouldStop = never_stop,
    evidence: Callable[[int], WindowEvidence | None] | None = None,
) -> Generator[Progress | Finished, None, None]:
    """Write frames [segment_start, segment_stop) with the source's timing to `target`, with Progress after each frame.

    Gaps in that timing are skipped: a note says so for a second, and times written into the frames keep them.

    `scores` are the video's anomaly scores [N], NaN where not analysed. A clip of the frame alone needs no predictor.
    `evidence` tells the evidence of each window of a frame, for outlines.

    Raises:
        ExportError: the target exists or can't be written, or the frames are not in the video.
        VideoError: a frame can't be decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes; no file is left.
    """
    options = options or ExportOptions()
    if options.redaction:
        # Nothing of what was there may get into the file, not even by the encoder's memory.
        encoding = replace(options.encoding, depends_on_pictures_alone=True)
        options, source = replace(options, encoding=encoding), redacted(source, options.redaction)
    refuse_frames(source, segment_start, segment_stop)
    if predictor is None and options.needs_detector:
        raise ExportError(
            tr("These panels need a detector"),
            subject=", ".join(options.panels),
            advice=tr("Choose one, or the frame alone."),
        )
    composer, width, height = _composer(source, predictor, scores, segment_start, segment_stop, options)
    # Gaps are skipped: nobody wants to look at a still picture for an hour.
    played, seconds = without_gaps(source.times), ends_of(source.info, source.times) - source.times
    notes = gap_notes(source.times, segment_start, segment_stop)
    total = segment_stop - segment_start
    began = time.monotonic()
    done = 0
    yield Progress(PHASE, done, total)
    with (
        _sound(source, segment_start, segment_stop, options) as sound,
        _writer(target, (width, height), options, source, (segment_start, segment_stop), sound) as writer,
    ):
        pictures = _pictures(source, predictor, segment_start, segment_stop, options, should_stop)
        for done, (frame, inspection) in enumerate(pictures, 1):
            if should_stop():
                raise Cancelled
            score = float(scores[frame.index])
            outlines = _outlines(evidence(frame.index), score, options) if evidence else []
            canvas = composer.compose(frame, inspection, score, outlines, notes.get(frame.index, ""))
            writer.write(canvas, float(played[frame.index] - played[segment_start]), float(seconds[frame.index]))
            per_second = done / max(time.monotonic() - began, 1e-6)
            yield Progress(PHASE, done, total, per_second, (total - done) / per_second)
        if done < total:
            raise ExportError(
                tr("The video ended after {done} of the clip's {total} frames").format(done=done, total=total),
                subject=source.info.path,
                advice=tr("The file is damaged: copy it again, or export the frames before the damage."),
            )
    yield Finished(str(target))


def gap_notes(times: npt.NDArray[np.floating], start: int, stop: int) -> dict[int, str]:
    """What the frames of the first second after each gap inside a clip say of it."""
    notes: dict[int, str] = {}
    for gap in gaps(times):
        if start < gap.frame < stop:
            text = tr("The recording stops here for {duration}").format(duration=duration_in_words(gap.seconds))
            shown = times[gap.frame : stop] < times[gap.frame] + _NOTE_SECONDS
            notes |= {gap.frame + int(place): text for place in np.flatnonzero(shown)}
    return notes


def _writer(
    target: Path,
    size: tuple[int, int],
    options: ExportOptions,
    source: VideoSource,
    span: tuple[int, int],
    sound: ClipSound | None,
) -> ClipWriter | PictureSequence:
    start, stop = span
    if options.encoding.format is ClipFormat.PNG:
        return PictureSequence(target, start, source.times[start:stop])
    ends = ends_of(source.info, source.times)[start:stop]
    return ClipWriter(
        target,
        *size,
        encoding=options.encoding,
        average_fps=source.info.average_fps,
        frames=stop - start,
        seconds=shown_seconds(source.times[start:stop], float(ends[-1] - source.times[stop - 1])),
        sound=sound,
    )


@contextmanager
def _sound(source: VideoSource, start: int, stop: int, options: ExportOptions) -> Iterator[ClipSound | None]:
    """The sound of frames [start, stop) without that of gaps, as the pictures have it."""
    sound = None
    if options.sound and not options.redaction:
        begins = [start, *(gap.frame for gap in gaps(source.times) if start < gap.frame < stop)]
        ends = ends_of(source.info, source.times)
        spans = [
            (float(source.times[first]), float(ends[after - 1]))
            for first, after in zip(begins, [*begins[1:], stop], strict=True)
        ]
        sound = sound_of(source.info.path, spans)
    try:
        yield sound
    finally:
        if sound:
            sound.close()


def _outlines(evidence: WindowEvidence | None, score: float, options: ExportOptions) -> list[Outline]:
    """What stands out in a frame, if the frame is flagged."""
    if evidence is None or options.threshold is None or not options.needs_evidence:
        return []
    # As low as segments go on.
    is_flagged = score >= calibrated_leave(options.threshold)
    return evidence.outlines(options.threshold, at_least=1) if is_flagged else []


def refuse_frames(source: VideoSource, start: int, stop: int) -> None:
    """Check that a clip can be frames [start, stop).

    Raises:
        ExportError: the video has no such frames.
    """
    if not 0 <= start < stop <= len(source):
        raise ExportError(
            tr("The video has no frames {start} to {last}").format(start=start, last=stop - 1),
            subject=source.info.name,
            advice=tr("Its frames are numbered 0 to {last}.").format(last=len(source) - 1),
        )


def _composer(
    source: VideoSource,
    predictor: Predictor | None,
    scores: npt.NDArray[np.floating],
    start: int,
    stop: int,
    options: ExportOptions,
) -> tuple[Mosaic | PlainPicture, int, int]:
    """What makes the pictures of a clip, and their width and height."""
    if options.is_plain:
        width, height = picture_size(source.info, options)
        zones = options.zones if options.layout is ClipLayout.OUTLINES else ()
        return PlainPicture(width, height, zones), width, height
    layout = _layout(source.info, options)
    strip = None
    if layout.strip:
        box = layout.strip
        strip = ScoreStrip(box.width, box.height, scores, source.times, start, stop, options.threshold)
    burnt_in = options.burnt_in
    title = Title(
        name=source.info.name if burnt_in.camera else "",
        mark=options.mark,
        verdict=tr(options.verdict) if burnt_in.verdict else "",
    )
    mosaic = Mosaic(
        layout,
        options.panels,
        title,
        strip=strip,
        flow_radius_px=predictor.settings.flow_radius_px if predictor and layout.legend else None,
        overlay_opacity=options.overlay_opacity,
        zones=options.zones,
        burnt_in=burnt_in,
        start=options.start,
        last=(stop - 1, float(source.times[stop - 1])),
    )
    return mosaic, layout.width, layout.height


def picture_size(video: VideoInfo, options: ExportOptions) -> tuple[int, int]:
    """Width and height of a clip's pictures.

    Raises:
        ExportError: no picture has room for these panels of this video.
    """
    if options.is_plain:
        return video.width_px, video.height_px
    layout = _layout(video, options)
    return layout.width, layout.height


def _layout(video: VideoInfo, options: ExportOptions) -> Layout:
    """Where everything is in the picture of a clip that is not plain."""
    width, height = options.encoding.facts.max_size
    limits = {"max_width_px": width, "max_height_px": height}
    count = len(options.panels)
    legend = bool({"predicted_flow", "teacher_flow"} & set(options.panels))
    try:
        if options.layout is ClipLayout.SIDE_BY_SIDE:
            return plan_side_by_side(video.width_px, video.height_px, count, **limits)
        return plan_layout(video.width_px, video.height_px, count, strip=options.score_strip, legend=legend, **limits)
    except ValueError as error:
        raise ExportError(
            tr("No clip can show these panels of {width} x {height} px").format(
                width=video.width_px, height=video.height_px
            ),
            subject=video.name,
            advice=tr("Choose fewer panels, or cut the video to a less extreme shape first."),
        ) from error


def _pictures(
    source: VideoSource,
    predictor: Predictor | None,
    start: int,
    stop: int,
    options: ExportOptions,
    should_stop: ShouldStop,
) -> Iterator[tuple[Frame, Inspection | None]]:
    """Each frame with the inspection of its transition; None for frame 0 and in clips of the frame alone."""
    if predictor is None or not options.needs_detector:
        for frame in source.frames(start, stop, should_stop):
            yield frame, None
        return
    if start == 0:
        for frame in source.frames(0, 1, should_stop):
            yield frame, None
    if stop > max(start, 1):
        for inspection in inspect(source, predictor, max(start, 1), stop, should_stop=should_stop):
            yield inspection.frame, inspection
