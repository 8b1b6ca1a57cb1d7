"""Compares the checked videos with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.common.language import tr
from engine.datasets.held_out import held_out_end_seconds, held_out_indices
from engine.footage_check.moments import smoothed_luma
from engine.footage_check.report import (
    FindingKind,
    FootageFinding,
    FootageReport,
    FootageSummary,
    Severity,
    rate_in_words,
)
from engine.footage_check.scene import (
    OTHER_LIGHT_LEVELS,
    Signature,
    brightness,
    main_group,
    shift_px,
    signature,
    similarities,
)
from engine.models.picture import PICTURE_SIZE
from engine.video.frame import Pixels

_Value = TypeVar("_Value")

WANTED_SECONDS = 300.0
"""Five minutes: about the amount of training footage in the paper's smallest dataset."""

_RATE_TOLERANCE = 0.1  # relative; recorders keep their rate no better when light is short
_SHAPE_TOLERANCE = 0.03
_MAIN_SCENE_SHARE = 0.5  # of the footage; if no scene has more, there are several cameras rather than outliers
_SAME_VIEW_SIMILARITY = 0.8  # below it, check whether the camera was turned
_MIN_SHIFT_PX = 3.0
_SAME_OPENING_CORRELATION = 0.8  # of the foregrounds of the first frames; unrelated ones reached 0.44 at most
_SAME_LENGTH = 0.02


@dataclass(frozen=True, eq=False)
class Checked:
    """A video's report, and further data for comparing it with other videos."""

    report: FootageReport
    opening: Pixels | None = None
    """The first frame, uint8 [256, 256, 3]."""
    is_still: bool = False


def summarise(checked: Sequence[Checked]) -> FootageSummary:
    """Compare videos with each other and summarise which of them can be used."""
    duplicates = dict(_duplicates(checked))
    usable = [each for each in checked if each.report.is_usable and each.report.path not in duplicates]
    findings = [*duplicates.values()]
    if usable:
        findings += [*_other_formats([each.report for each in usable]), *_other_scenes(usable)]
    paths = tuple(each.report.path for each in usable)
    seconds = sum(each.report.shown_seconds for each in usable)
    findings += _amount_findings(len(paths), seconds)
    return FootageSummary(
        usable=paths,
        frames=sum(each.report.frames for each in usable),
        duration_seconds=seconds,
        wanted_seconds=WANTED_SECONDS,
        held_out=tuple(paths[index] for index in held_out_indices(len(paths))),
        findings=tuple(findings),
        refusal=_refusal(usable),
    )


def _refusal(usable: Sequence[Checked]) -> str | None:
    if not usable:
        return tr("There is no video to learn from: none of these can be used.")
    if all(each.is_still for each in usable):
        return tr("There is nothing to learn from: nothing moves in any of these videos.")
    return None


def _amount_findings(videos: int, seconds: float) -> Iterator[FootageFinding]:
    if not videos:
        return
    if seconds < WANTED_SECONDS:
        length, wanted = duration_in_words(seconds), duration_in_words(WANTED_SECONDS)
        what = tr("Only {length} of footage in all; at least {wanted} are wanted").format(length=length, wanted=wanted)
        advice = tr(
            "Add recordings of other hours and days: whatever the detector has not seen will seem unusual to it."
        )
        yield FootageFinding(None, "warning", FindingKind.TOO_SHORT, what, advice)
    if videos == 1:
        end = held_out_end_seconds(seconds)
        if end:
            what = tr("There is only one video: its end, {duration}, is held out to judge the detector by").format(
                duration=duration_in_words(end)
            )
            advice = tr("A recording of another day would judge it better: add one if you can.")
            yield FootageFinding(None, "note", FindingKind.ONE_VIDEO, what, advice)
        else:
            what = tr("There is only one video, too short to hold some of it out to judge the detector by")
            advice = tr("Add another recording, or a longer one.")
            yield FootageFinding(None, "warning", FindingKind.NOTHING_HELD_OUT, what, advice)


def _duplicates(checked: Sequence[Checked]) -> Iterator[tuple[Path, FootageFinding]]:
    first_of: dict[str, Path] = {}
    for each in checked:
        report = each.report
        if not report.is_usable:
            continue
        original = first_of.setdefault(report.fingerprint, report.path)
        if original is not report.path:
            what = tr("The same recording as {name}").format(name=_distinct_name(original, report.path))
            finding = FootageFinding(report.path, "warning", FindingKind.DUPLICATE, what, tr("Take one of them out."))
            yield report.path, finding


def _other_formats(reports: Sequence[FootageReport]) -> Iterator[FootageFinding]:
    size = _most_common(reports, lambda report: (report.width_px, report.height_px))
    usual = next((each.size_in_words for each in reports if (each.width_px, each.height_px) == size), "")
    rate = _most_common_rate(reports)
    for report in reports:
        size_px = (report.width_px, report.height_px)
        if size_px != size:
            same_shape = abs(size_px[0] * size[1] / (size_px[1] * size[0]) - 1) < _SHAPE_TOLERANCE
            severity: Severity = "note" if same_shape else "warning"
            what = tr("{size} pixels, most of the footage is {usual}").format(size=report.size_in_words, usual=usual)
            advice = (
                tr("The same shape: it will be scaled alike, only sharpness differs.")
                if same_shape
                else tr("Things would be stretched otherwise than in the rest: make a detector of its own for it.")
            )
            yield FootageFinding(report.path, severity, FindingKind.OTHER_SIZE, what, advice)
        if rate and report.rate_is_known and not _is_same_rate(report.fps, rate):
            what = tr("{rate}, most of the footage has {usual}").format(
                rate=rate_in_words(report.fps), usual=rate_in_words(rate)
            )
            advice = tr(
                "Things would seem to move at another speed: convert it to the same rate (`{command}`), or take it out."
            ).format(command=f"ffmpeg -i IN -vf fps={rate:.3g} OUT")
            yield FootageFinding(report.path, "warning", FindingKind.OTHER_RATE, what, advice)


def _most_common_rate(reports: Sequence[FootageReport]) -> float | None:
    """The rate, in frames a second, near which the greatest length of footage is; None where none is known."""
    known = [report for report in reports if report.rate_is_known]

    def seconds_near(rate: float) -> float:
        return sum(report.shown_seconds for report in known if _is_same_rate(report.fps, rate))

    return max((report.fps for report in known), key=seconds_near, default=None)


def _is_same_rate(fps: float, other: float) -> bool:
    return abs(fps / other - 1) <= _RATE_TOLERANCE


def _other_scenes(checked: Sequence[Checked]) -> Iterator[FootageFinding]:
    seen = [each for each in checked if each.report.background is not None]
    if not seen:
        return
    backgrounds = [_background(each) for each in seen]
    seconds = np.array([each.report.shown_seconds for each in seen])
    similarity = similarities([signature(background) for background in backgrounds])
    centre, in_main_scene = main_group(similarity, seconds)
    if seconds[in_main_scene].sum() < _MAIN_SCENE_SHARE * seconds.sum():
        what = tr("The videos show different scenes, the most frequent one in {in_scene} of {count}").format(
            in_scene=in_main_scene.sum(), count=len(seen)
        )
        advice = tr("A detector knows one camera best: make one for each, of that camera's recordings only.")
        yield FootageFinding(None, "warning", FindingKind.OTHER_SCENE, what, advice)
        return
    main_levels = [brightness(each) for each, is_main in zip(backgrounds, in_main_scene, strict=True) if is_main]
    light = float(np.median(main_levels))
    for index, each in enumerate(seen):
        main_scene = _main_scene_name(seen[centre].report.path, int(in_main_scene.sum()))
        shift = (
            shift_px(backgrounds[centre], backgrounds[index])
            if similarity[index, centre] < _SAME_VIEW_SIMILARITY
            else 0.0
        )
        if in_main_scene[index] or shift is not None:
            yield from _main_scene_findings(each, shift or 0.0, brightness(backgrounds[index]) - light)
        else:
            advice = tr("Take it out, and make a detector of its own for that camera.")
            what = tr("Another scene than {name}").format(name=main_scene)
            yield FootageFinding(each.report.path, "warning", FindingKind.OTHER_SCENE, what, advice)
    yield from _same_openings(seen, similarity)


def _main_scene_findings(checked: Checked, shift: float, brighter: float) -> Iterator[FootageFinding]:
    path = checked.report.path
    if shift >= _MIN_SHIFT_PX:
        what = tr("The camera was turned by {share:.0%} of the picture against the others").format(
            share=shift / PICTURE_SIZE
        )
        advice = tr("Keep the recordings of where the camera stands now: a detector learns what is normal from there.")
        yield FootageFinding(path, "warning", FindingKind.CAMERA_MOVED, what, advice)
    if abs(brighter) > OTHER_LIGHT_LEVELS:
        what = tr("Much brighter than the others: another time of the day?")
        if brighter < 0:
            what = tr("Much darker than the others: another time of the day?")
        advice = tr("Good, if it shall be watched then too: give enough footage of both.")
        yield FootageFinding(path, "note", FindingKind.LIGHT, what, advice)


def _same_openings(checked: Sequence[Checked], similarity: npt.NDArray[np.float32]) -> Iterator[FootageFinding]:
    """Findings for videos of the same length, scene and first frame: one recording, encoded twice."""
    openings = [_foreground(each) for each in checked]
    for later in range(1, len(checked)):
        report = checked[later].report
        for earlier in range(later):
            other = checked[earlier].report
            lengths = sorted((report.shown_seconds, other.shown_seconds))
            if lengths[1] > lengths[0] * (1 + _SAME_LENGTH) or similarity[earlier, later] < _SAME_VIEW_SIMILARITY:
                continue
            if float(openings[later] @ openings[earlier]) > _SAME_OPENING_CORRELATION:
                what = tr("It seems to be {name} in another encoding").format(
                    name=_distinct_name(other.path, report.path)
                )
                yield FootageFinding(report.path, "warning", FindingKind.DUPLICATE, what, tr("Take one of them out."))
                break


def _foreground(checked: Checked) -> Signature:
    """Foreground of the first frame (frame minus background), float32 [65536] of norm 1; zeros if nothing moves."""
    assert checked.opening is not None
    moving = smoothed_luma(checked.opening, 2) - smoothed_luma(_background(checked), 2)
    moving = (moving - moving.mean()).ravel()
    norm = float(np.linalg.norm(moving))
    return moving / norm if norm > len(moving) ** 0.5 else np.zeros_like(moving)


def _background(checked: Checked) -> Pixels:
    assert checked.report.background is not None
    return checked.report.background


def _most_common(reports: Sequence[FootageReport], key: Callable[[FootageReport], _Value]) -> _Value:
    """The value that the greatest length of footage has."""
    seconds: defaultdict[_Value, float] = defaultdict(float)
    for report in reports:
        seconds[key(report)] += report.shown_seconds
    return max(seconds, key=lambda value: seconds[value])


def _main_scene_name(example: Path, count: int) -> str:
    return tr("{name} and {count} more").format(name=example.name, count=count - 1) if count > 1 else example.name


def _distinct_name(path: Path, other: Path) -> str:
    """The name of a file; its whole path if the other file has the same name."""
    return path.name if path.name != other.name else str(path)
