"""Damage that a decoder makes up for: it decodes, but shows wrong pictures until the next whole keyframe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.video import open_video
from engine.video.integrity import Integrity
from engine.video.source import VideoSource
from tests.clips import make_clip
from tests.engine.video.test_times import damage

SIZE = (320, 240)
KINDS: dict[str, dict[str, object]] = {
    "a.mp4": {"b_frames": 0},
    "b-frames.mp4": {},
    "b-frames.avi": {},
    "mpeg4.avi": {"codec": "mpeg4", "b_frames": 0},
}
HEADER_BYTES = 24
"""Of a compressed frame so many stay, so that the decoder begins with it."""


def told(source: VideoSource) -> set[int]:
    return {frame for each in source.info.concealed for frame in range(each.start, each.stop)}


def wrong(source: VideoSource, whole: VideoSource) -> set[int]:
    """Frames that show other pictures than those of their times in the whole recording."""
    right = {round(frame.pts_seconds, 3): frame.pixels for frame in whole.frames()}
    found = source.frames()
    return {each.index for each in found if not np.array_equal(each.pixels, right[round(each.pts_seconds, 3)])}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("first", [39, 36], ids=["between keyframes", "a keyframe"])
def test_wrong_pictures_are_told_and_right_ones_are_not(tmp_path: Path, name: str, first: int) -> None:
    make_clip(tmp_path / name, 96, size=SIZE, **KINDS[name])  # type: ignore[arg-type]
    path = tmp_path / f"damaged-{name}"
    path.write_bytes((tmp_path / name).read_bytes())
    damage(path, slice(first, first + 2), kept_bytes=HEADER_BYTES)
    with open_video(tmp_path / name) as whole:
        for _ in range(2):  # the second time from the stored index
            with open_video(path) as source:
                shown_wrong = wrong(source, whole)
                assert shown_wrong
                assert shown_wrong <= told(source)
                assert min(told(source)) >= 33, "not before the damage, but for B-frames made of it"
                assert max(told(source)) < 48, "the next keyframe is whole"


def test_a_whole_recording_has_none(tmp_path: Path) -> None:
    for name, options in KINDS.items():
        with open_video(make_clip(tmp_path / name, 48, size=SIZE, **options)) as source:  # type: ignore[arg-type]
            source.verify()
            assert (source.info.concealed, source.info.lost) == ((), ())


def test_chosen_frames_find_it_before_any_full_pass(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 97, size=SIZE, b_frames=0)
    damage(path, slice(39, 40), kept_bytes=HEADER_BYTES)
    with open_video(path) as source:
        assert not source.info.concealed
        assert [frame.index for frame in source.pictures([5, 45, 60], 64)] == [5, 45, 60]
        assert told(source) == set(range(39, 48))


def test_it_is_told_in_words(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 96, size=SIZE, b_frames=0, fps=10)
    damage(path, slice(39, 40), kept_bytes=HEADER_BYTES)
    with open_video(path) as source:
        source.verify()
        integrity = Integrity.of(source.info, source.times)
        assert integrity.concealed_frames == 9
        assert integrity.in_words() == ["Pictures of 9 frames are damaged and no evidence: 0:03.9 to 0:04.8"]
