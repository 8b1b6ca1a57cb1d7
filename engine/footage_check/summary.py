"""What only a comparison of videos shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.common.durations import duration_in_words
from engine.datasets.held_out import held_out_end_seconds, spread_evenly
from engine.footage_check.moments import smoothed_luma
from engine.footage_check.report import FindingKind, FootageFinding, FootageReport, FootageSummary, Severity
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
"""Five minutes of life: about what the paper's smallest dataset has."""

_RATE_TOLERANCE = 0.1  # the average of a file that was cut is off by some
_SHAPE_TOLERANCE = 0.03
_OF_ONE_CAMERA = 0.5  # share of the footage: where no scene has more, there is no stranger, but several cameras
_STEADY = 0.8  # similarity of two views below which it is worth to look whether the camera was turned
_MIN_SHIFT_PX = 3.0
_SAME_OPENING = 0.8  # correlation of what moves in the first frame; chance gave 0.44 at most
_SAME_LENGTH = 0.02


@dataclass(frozen=True, eq=False)
class Checked:
    """A video's report, and what else its comparison with others needs."""

    report: FootageReport
    opening: Pixels | None = None
    """Its first frame, uint8 [256, 256, 3]."""
    is_still: bool = False


def summarise(checked: Sequence[Checked]) -> FootageSummary:
    """Compare videos with each other and say what they are good for together."""
    duplicates = dict(_duplicates(checked))
    usable = [each for each in checked if each.report.is_usable and each.report.path not in duplicates]
    findings = [*duplicates.values()]
    if usable:
        findings += [*_other_formats([each.report for each in usable]), *_other_scenes(usable)]
    paths = tuple(each.report.path for each in usable)
    seconds = sum(each.report.duration_seconds for each in usable)
    findings += _amount(len(paths), seconds)
    return FootageSummary(
        usable=paths,
        frames=sum(each.report.frames for each in usable),
        duration_seconds=seconds,
        wanted_seconds=WANTED_SECONDS,
        held_out=tuple(paths[place] for place in spread_evenly(len(paths))),
        findings=tuple(findings),
        refusal=_refusal(usable),
    )


def _refusal(usable: Sequence[Checked]) -> str | None:
    if not usable:
        return "There is no video to learn from: none of these can be used."
    if all(each.is_still for each in usable):
        return "There is nothing to learn from: nothing moves in any of these videos."
    return None


def _amount(videos: int, seconds: float) -> Iterator[FootageFinding]:
    if not videos:
        return
    if seconds < WANTED_SECONDS:
        length, wanted = duration_in_words(seconds), duration_in_words(WANTED_SECONDS)
        what = f"Only {length} of footage in all; at least {wanted} are wanted"
        advice = "Add recordings of other hours and days: whatever the detector has not seen will seem unusual to it."
        yield FootageFinding(None, "warning", FindingKind.TOO_SHORT, what, advice)
    if videos == 1:
        end = held_out_end_seconds(seconds)
        if end:
            what = f"There is only one video: its end, {duration_in_words(end)}, is held out to judge the detector by"
            advice = "A recording of another day would judge it better: add one if you can."
            yield FootageFinding(None, "note", FindingKind.ONE_VIDEO, what, advice)
        else:
            what = "There is only one video, too short to hold some of it out to judge the detector by"
            advice = "Add another recording, or a longer one."
            yield FootageFinding(None, "warning", FindingKind.NOTHING_HELD_OUT, what, advice)


def _duplicates(checked: Sequence[Checked]) -> Iterator[tuple[Path, FootageFinding]]:
    first_of: dict[str, Path] = {}
    for each in checked:
        report = each.report
        if not report.is_usable:
            continue
        original = first_of.setdefault(report.fingerprint, report.path)
        if original is not report.path:
            what = f"The same recording as {_told_apart(original, report.path)}"
            finding = FootageFinding(report.path, "warning", FindingKind.DUPLICATE, what, "Take one of them out.")
            yield report.path, finding


def _other_formats(reports: Sequence[FootageReport]) -> Iterator[FootageFinding]:
    size = _most(reports, lambda report: (report.width_px, report.height_px))
    rate = _most(reports, lambda report: round(report.fps, 1))
    for report in reports:
        here = (report.width_px, report.height_px)
        if here != size:
            same_shape = abs(here[0] * size[1] / (here[1] * size[0]) - 1) < _SHAPE_TOLERANCE
            severity: Severity = "note" if same_shape else "warning"
            what = f"{here[0]}×{here[1]} pixels, most of the footage is {size[0]}×{size[1]}"
            advice = (
                "The same shape: it will be scaled alike, only sharpness differs."
                if same_shape
                else "Things would be stretched otherwise than in the rest: make a detector of its own for it."
            )
            yield FootageFinding(report.path, severity, FindingKind.OTHER_SIZE, what, advice)
        if abs(report.fps / rate - 1) > _RATE_TOLERANCE and not report.path.is_dir():  # whose rate is but assumed
            what = f"{report.fps:.3g} frames a second, most of the footage has {rate:.3g}"
            advice = (
                "Things would seem to move at another speed: convert it to the same rate "
                f"(`ffmpeg -i IN -vf fps={rate:.3g} OUT`), or take it out."
            )
            yield FootageFinding(report.path, "warning", FindingKind.OTHER_RATE, what, advice)


def _other_scenes(checked: Sequence[Checked]) -> Iterator[FootageFinding]:
    seen = [each for each in checked if each.report.background is not None]
    if not seen:
        return
    stills = [_still(each) for each in seen]
    seconds = np.array([each.report.duration_seconds for each in seen])
    alike = similarities([signature(still) for still in stills])
    centre, ours = main_group(alike, seconds)
    if seconds[ours].sum() < _OF_ONE_CAMERA * seconds.sum():
        what = f"The videos show different scenes, the most frequent one in {ours.sum()} of {len(seen)}"
        advice = "A detector knows one camera best: make one for each, of that camera's recordings only."
        yield FootageFinding(None, "warning", FindingKind.OTHER_SCENE, what, advice)
        return
    light = float(np.median([brightness(still) for still, own in zip(stills, ours, strict=True) if own]))
    for place, each in enumerate(seen):
        others = _others(seen[centre].report.path, int(ours.sum()))
        shift = shift_px(stills[centre], stills[place]) if alike[place, centre] < _STEADY else 0.0
        if ours[place] or shift is not None:
            yield from _of_our_scene(each, shift or 0.0, brightness(stills[place]) - light)
        else:
            advice = "Take it out, and make a detector of its own for that camera."
            what = f"Another scene than {others}"
            yield FootageFinding(each.report.path, "warning", FindingKind.OTHER_SCENE, what, advice)
    yield from _same_openings(seen, alike)


def _of_our_scene(checked: Checked, shift: float, brighter: float) -> Iterator[FootageFinding]:
    path = checked.report.path
    if shift >= _MIN_SHIFT_PX:
        what = f"The camera was turned by {shift / PICTURE_SIZE:.0%} of the picture against the others"
        advice = "Keep the recordings of where the camera stands now: a detector learns what is normal from there."
        yield FootageFinding(path, "warning", FindingKind.CAMERA_MOVED, what, advice)
    if abs(brighter) > OTHER_LIGHT_LEVELS:
        what = f"Much {'brighter' if brighter > 0 else 'darker'} than the others: another time of the day?"
        advice = "Good, if it shall be watched then too: give enough footage of both."
        yield FootageFinding(path, "note", FindingKind.LIGHT, what, advice)


def _same_openings(checked: Sequence[Checked], alike: npt.NDArray[np.float32]) -> Iterator[FootageFinding]:
    """Videos of one length and scene that begin alike: one recording, encoded twice."""
    openings = [_what_moves(each) for each in checked]
    for later in range(1, len(checked)):
        report = checked[later].report
        for earlier in range(later):
            other = checked[earlier].report
            lengths = sorted((report.duration_seconds, other.duration_seconds))
            if lengths[1] > lengths[0] * (1 + _SAME_LENGTH) or alike[earlier, later] < _STEADY:
                continue
            if float(openings[later] @ openings[earlier]) > _SAME_OPENING:
                what = f"It seems to be {_told_apart(other.path, report.path)} in another encoding"
                yield FootageFinding(report.path, "warning", FindingKind.DUPLICATE, what, "Take one of them out.")
                break


def _what_moves(checked: Checked) -> Signature:
    """The first frame without what stands still, float32 [65536] of norm 1; zeros where nothing moves."""
    assert checked.opening is not None
    moving = smoothed_luma(checked.opening, 2) - smoothed_luma(_still(checked), 2)
    moving = (moving - moving.mean()).ravel()
    norm = float(np.linalg.norm(moving))
    return moving / norm if norm > len(moving) ** 0.5 else np.zeros_like(moving)


def _still(checked: Checked) -> Pixels:
    assert checked.report.background is not None
    return checked.report.background


def _most(reports: Sequence[FootageReport], key: Callable[[FootageReport], _Value]) -> _Value:
    """The value that most of the footage has, by length."""
    seconds: defaultdict[_Value, float] = defaultdict(float)
    for report in reports:
        seconds[key(report)] += report.duration_seconds
    return max(seconds, key=lambda value: seconds[value])


def _others(example: Path, count: int) -> str:
    return f"{example.name} and {count - 1} more" if count > 1 else example.name


def _told_apart(path: Path, other: Path) -> str:
    """A name that says which file is meant, with its folder where names are equal."""
    return path.name if path.name != other.name else str(path)
