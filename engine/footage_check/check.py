"""The footage check: a generator that inspects each video at a few moments, then compares all videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.errors import VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.datasets import PICTURE_SUFFIXES
from engine.footage_check.moments import Moment, SampledMoments, moving_share, sample_moments
from engine.footage_check.report import FindingKind, FootageFinding, FootageReport, FootageSummary
from engine.footage_check.scene import (
    OTHER_LIGHT_LEVELS,
    background,
    brightness,
    main_group,
    signature,
    similarities,
)
from engine.footage_check.summary import Checked, summarise
from engine.models.picture import model_picture
from engine.video import open_video
from engine.video.frame import Pixels
from engine.video.header import container_facts
from engine.video.integrity import Integrity
from engine.video.source import VideoInfo, VideoSource, usual_frame_seconds

_MIN_SECONDS = 2.0
_TIME_LAPSE_SECONDS = 1.0  # between frames: whoever walks has left their place by then
_MISSING_SHARE = 0.02  # of the frame count in a file's header; some containers count a few frames too many
_MIN_MOVING_SHARE = 0.0005  # share of the picture; a person far away covers about five times as much
_BISECTIONS = 5  # halvings of the time between two sampled moments, to find a scene change
_MAIN_VIEW_SHARE = 0.5


def check_footage(
    paths: Sequence[Path], should_stop: ShouldStop = never_stop
) -> Iterator[Progress | FootageReport | FootageSummary]:
    """Check videos and picture folders: yields a report for each, in their order, and the summary last.

    A video that can't be read is a finding, not an error. `paths` are videos, as `footage_videos` returns them.

    Raises:
        Cancelled: `should_stop` returned true.
    """
    checked: list[Checked] = []
    for number, path in enumerate(paths):
        yield Progress("Checking footage", number, len(paths))
        checked.append(_check(path, should_stop))
        yield checked[-1].report
    yield Progress("Checking footage", len(paths), len(paths))
    yield summarise(checked)


def _check(path: Path, should_stop: ShouldStop) -> Checked:
    try:
        with open_video(path, should_stop) as source:
            return _inspect(source, should_stop)
    except VideoError as error:
        what, advice = error.what, error.advice
        if error.subject != displayable(path):
            what = f"{what}: {Path(error.subject).name}"  # a picture of the folder
        if path.is_file() and not path.stat().st_size:
            what, advice = tr("The file is empty"), tr("Copy it again from where it came from, or take it out.")
        finding = FootageFinding(path, "error", FindingKind.UNREADABLE, what, advice)
        return Checked(FootageReport(path, 0, 0.0, 0.0, 0, 0, "", (finding,)))


def _inspect(source: VideoSource, should_stop: ShouldStop) -> Checked:
    sample = sample_moments(source, should_stop)
    if sample.undecodable:
        source.verify(should_stop)
    info = source.info
    integrity = Integrity.of(info, source.times)
    report = FootageReport(
        info.path,
        info.frame_count,
        info.duration_seconds,
        1 / usual if (usual := usual_frame_seconds(source.times)) else info.average_fps,
        info.width_px,
        info.height_px,
        info.fingerprint,
        (
            *_damage(source, sample, integrity),
            *_times(source, integrity),
            *_length(info),
            *_motion(info, sample.moments),
        ),
        gaps_seconds=max(info.duration_seconds - info.shown_seconds, 0.0),
        rate_is_known=info.has_own_times,
        unstretched_px=info.unstretched_px,
    )
    if not sample.moments:
        return Checked(report)
    similarity = similarities([signature(moment.picture) for moment in sample.moments])
    _, steady = main_group(similarity, np.ones(len(sample.moments)))
    changes = tuple(_scene_changes(source, sample.moments, steady, should_stop))
    main_view = [moment.picture for moment, is_steady in zip(sample.moments, steady, strict=True) if is_steady]
    findings = (*report.findings, *changes, *_light(info.path, main_view))
    report = replace(report, findings=findings, background=background(main_view))
    return Checked(report, opening=sample.moments[0].picture, is_still=is_still(sample.moments))


def _damage(source: VideoSource, sample: SampledMoments, integrity: Integrity) -> Iterator[FootageFinding]:
    path = source.info.path
    advice = tr("Copy it again from where it came from, or take it out.")
    announced, announced_seconds = _announced_length(path)
    lost = sum(each.count for each in source.info.lost)
    # AVI counts the places for frames, of which a recorder with a varying rate leaves some empty.
    is_shorter = announced_seconds > source.info.duration_seconds * (1 + _MISSING_SHARE)
    is_cut = is_shorter and announced > (len(source) + lost) * (1 + _MISSING_SHARE) + 1
    if is_cut:
        # The last frame of a cut file is usually incomplete.
        lost = sum(each.count for each in source.info.lost if each.frame < len(source))
    stored = len(source) + lost
    if is_cut:
        what = tr("Cut short: {stored} of {announced} frames are there").format(stored=stored, announced=announced)
        yield FootageFinding(path, "warning", FindingKind.DAMAGED, what, advice)
    decodable, undecodable = len(sample.moments), len(sample.undecodable)
    if lost:
        (what,) = integrity.tell_lost()
        is_small = lost <= len(source)
        yield FootageFinding(path, "warning" if is_small else "error", FindingKind.DAMAGED, what, advice)
    elif undecodable > is_cut:
        what = tr("Damaged: {decodable} of {count} frames looked at can be decoded").format(
            decodable=decodable, count=decodable + undecodable
        )
        yield FootageFinding(path, "warning" if decodable > undecodable else "error", FindingKind.DAMAGED, what, advice)
    cut = [] if is_cut else integrity.tell_cut()  # by the number of frames it is told better
    for what in (*cut, *integrity.tell_unread(), *integrity.tell_concealed()):
        yield FootageFinding(path, "warning", FindingKind.DAMAGED, what, advice)
    empty = _empty_pictures(path)
    if empty:
        what = tr("{empty} of {count} pictures are empty files, {first} the first").format(
            empty=len(empty), count=len(source), first=empty[0].name
        )
        advice = tr("Copy them again, or delete the empty ones.")
        yield FootageFinding(path, "error", FindingKind.DAMAGED, what, advice)


def _times(source: VideoSource, integrity: Integrity) -> Iterator[FootageFinding]:
    path = source.info.path
    usual = source.frame_seconds
    if usual and usual > _TIME_LAPSE_SECONDS:
        what = tr("A time-lapse: a frame every {duration}").format(duration=duration_in_words(usual))
        advice = tr(
            "A detector learns how things move from one frame to the next, and here they are gone by then: take it "
            "out, unless the camera only ever records like this."
        )
        yield FootageFinding(path, "warning", FindingKind.TIME_LAPSE, what, advice)
    for what in integrity.tell_gaps():
        advice = tr("No motion is learnt across it. Check the recorder's clock if it was not meant.")
        yield FootageFinding(path, "note", FindingKind.GAPS, what, advice)
    for what in integrity.tell_replaced():
        advice = tr("All other times are as they were stored. Motion measured there may be too fast or too slow.")
        yield FootageFinding(path, "note", FindingKind.REPLACED_TIMES, what, advice)


def _length(info: VideoInfo) -> Iterator[FootageFinding]:
    if info.frame_count < 2:
        advice = tr("Take it out: a detector learns from what happens between frames.")
        yield FootageFinding(info.path, "error", FindingKind.TOO_SHORT, tr("It has a single frame"), advice)
    elif info.shown_seconds < _MIN_SECONDS:
        what = tr("Very short: {seconds:.1f} s").format(seconds=info.shown_seconds)
        yield FootageFinding(info.path, "note", FindingKind.TOO_SHORT, what, tr("Longer recordings teach more."))


def _motion(info: VideoInfo, moments: Sequence[Moment]) -> Iterator[FootageFinding]:
    moving = sum(moment.moving > _MIN_MOVING_SHARE for moment in moments)
    if info.frame_count < 2 or moving > 1 or moving == len(moments):
        return
    what = tr("Almost nothing moves: something does in {moving} of {count} moments looked at").format(
        moving=moving, count=len(moments)
    )
    if is_still(moments):
        what = tr("Nothing moves: a still picture, or an empty scene")
    advice = tr("Choose recordings full of what normally happens: whatever it has not seen will seem unusual.")
    yield FootageFinding(info.path, "warning", FindingKind.LITTLE_MOTION, what, advice)


def is_still(moments: Sequence[Moment]) -> bool:
    """Whether nothing moves between the sampled moments."""
    return all(moving_share(moments[0].picture, moment.picture) <= _MIN_MOVING_SHARE for moment in moments)


def _scene_changes(
    source: VideoSource, moments: Sequence[Moment], steady: npt.NDArray[np.bool_], should_stop: ShouldStop
) -> Iterator[FootageFinding]:
    """Findings for parts of the video whose view differs from that of most of the video."""
    path = source.info.path
    if steady.mean() <= _MAIN_VIEW_SHARE and len(moments) > 1:
        what = tr("The view changes all the time: the camera moves, or scenes were joined")
        advice = tr("A detector needs a camera that stands still. Choose recordings of one view, or cut them apart.")
        yield FootageFinding(path, "warning", FindingKind.SCENE_CHANGE, what, advice)
        return
    outliers = np.flatnonzero(~steady)
    runs = np.split(outliers, np.flatnonzero(np.diff(outliers) > 1) + 1) if len(outliers) else []
    for run in runs:
        first, last = int(run[0]), int(run[-1])
        start, stop = 0.0, source.info.duration_seconds
        if first > 0:
            start = _change_seconds(source, moments[first - 1], moments[first], should_stop)
        if last + 1 < len(moments):
            stop = _change_seconds(source, moments[last], moments[last + 1], should_stop)
        what = tr("Another view from {start} to {stop}: the camera moved, or something covers it").format(
            start=clock(start), stop=clock(stop)
        )
        advice = tr("Leave that part out, or cut the video there.")
        yield FootageFinding(path, "warning", FindingKind.SCENE_CHANGE, what, advice, (start, stop))


def _light(path: Path, pictures: Sequence[Pixels]) -> Iterator[FootageFinding]:
    levels = [brightness(picture) for picture in pictures]
    if max(levels) - min(levels) > OTHER_LIGHT_LEVELS:
        what = tr("The light changes much in it: day and night?")
        advice = tr("Good, if it shall be watched in both: give enough footage of each.")
        yield FootageFinding(path, "note", FindingKind.LIGHT, what, advice)


def _change_seconds(source: VideoSource, before: Moment, after: Moment, should_stop: ShouldStop) -> float:
    """Time at which the view changes between two moments, by bisection to 1/32 of the time between them."""
    early, late = before.frame, after.frame
    views = [signature(before.picture), signature(after.picture)]
    try:
        for _ in range(_BISECTIONS):
            middle = (early + late) // 2
            edges = signature(model_picture(source.read(middle, should_stop).stored))
            if float(edges @ views[0]) >= float(edges @ views[1]):
                early = middle
            else:
                late = middle
    except VideoError:
        pass  # frames there can't be decoded: return the best estimate so far
    return float(source.times[late])


def clock(seconds: float) -> str:
    """Format a time in a video, such as 1:05 or 1:00:05."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _announced_length(path: Path) -> tuple[int, float]:
    """Number of frames and duration in seconds by the file's header; 0 where it has none."""
    if path.is_dir():
        return 0, 0.0
    facts = container_facts(path, threads=0)
    return facts.frames, facts.stream_seconds


def _empty_pictures(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    pictures = (file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.name[0] != ".")
    return sorted(file for file in pictures if not file.stat().st_size)
