"""A clock that is burnt into real footage is found, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.analysis.clock import CLOCK, find_clock
from engine.scoring.zones import Zone, ZoneKind, check_zones, counted_windows
from engine.video import open_video
from engine.video.frame import Pixels
from resources import demo_video
from tests.clips import write_clip
from tests.vadgui.fakes import MemoryVideo

TEXT = cv2.FONT_HERSHEY_SIMPLEX


def with_clock(
    pictures: Sequence[Pixels], fps: float, *, at_top: bool = True, hundredths: bool = False, scale: float = 0.45
) -> list[Pixels]:
    """Hours, minutes and seconds at the left, white on black."""
    made = []
    for number, picture in enumerate(pictures):
        seconds = 37_000.3 + number / fps
        text = f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
        text += f".{int(seconds * 100) % 100:02}" * hundredths
        drawn = np.ascontiguousarray(picture).copy()
        (width, height), _ = cv2.getTextSize(text, TEXT, scale, 1)
        bottom = height + 4 if at_top else drawn.shape[0] - 6
        cv2.rectangle(drawn, (4, bottom - height - 3), (10 + width, bottom + 4), (0, 0, 0), -1)
        cv2.putText(drawn, text, (7, bottom), TEXT, scale, (255, 255, 255), 1, cv2.LINE_AA)
        made.append(drawn)
    return made


def found_in(path: Path) -> Zone | None:
    with open_video(path) as source:
        return find_clock(source)


@pytest.mark.parametrize("hundredths", [False, True])
@pytest.mark.parametrize("at_top", [False, True])
@pytest.mark.parametrize("name", ["04", "13"])
def test_a_clock_in_ped2_is_found(name: str, at_top: bool, hundredths: bool, shared_data: Path, tmp_path: Path) -> None:
    with open_video(shared_data / "ped2" / "training" / f"{name}.mp4") as source:
        pictures = [frame.pixels for frame in islice(source.frames(), 150)]
    clip = write_clip(tmp_path / "c.mp4", with_clock(pictures, 10, at_top=at_top, hundredths=hundredths), 10)
    zone = found_in(clip)
    assert zone is not None
    assert (zone.kind, zone.name) == (ZoneKind.IGNORED, CLOCK)
    check_zones((zone,))
    xs, ys = zip(*zone.points, strict=True)
    assert min(xs) == 0
    assert 0.25 < max(xs) < 0.45
    assert (max(ys) < 0.1) if at_top else (min(ys) > 0.9)
    # It reaches all windows that a digit of the seconds lies in.
    assert not counted_windows((zone,))[0 if at_top else -1, :6].any()


def test_a_clock_on_the_plaza_is_found(tmp_path: Path) -> None:
    with open_video(demo_video()) as source:
        pictures = [frame.pixels for frame in islice(source.frames(), 300)]
    assert found_in(write_clip(tmp_path / "c.mp4", with_clock(pictures, 25, scale=0.6), 25)) is not None


def test_a_short_recording_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryVideo, "pictures", None)  # they are not even read
    assert find_clock(MemoryVideo(tmp_path / "short", 200)) is None


def test_the_demo_has_none() -> None:
    assert found_in(demo_video()) is None


@pytest.mark.slow
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.abuse)])
def test_real_recordings_without_a_clock_have_none(shared_data: Path, every: int) -> None:
    ped2 = sorted((shared_data / "ped2").glob("*/*.mp4"))
    avenue = sorted((shared_data / "avenue").glob("*_videos/*"))
    assert len(ped2 + avenue) == 33
    assert {path.name: zone for path in (ped2 + avenue)[::every] if (zone := found_in(path))} == {}


def test_what_changes_once_a_second_all_over_the_picture_is_no_clock(shared_data: Path, tmp_path: Path) -> None:
    """As keyframes do, or a lamp that blinks."""
    with open_video(shared_data / "ped2" / "training" / "04.mp4") as source:
        pictures = [frame.pixels for frame in islice(source.frames(), 150)]
    blinking = [
        np.minimum(each.astype(int) + 40 * (n // 10 % 2), 255).astype(np.uint8) for n, each in enumerate(pictures)
    ]
    assert found_in(write_clip(tmp_path / "b.mp4", blinking, 10)) is None
