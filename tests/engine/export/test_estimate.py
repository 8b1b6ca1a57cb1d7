from __future__ import annotations

from pathlib import Path

import pytest

from engine.common.events import Finished
from engine.export.clip import ExportOptions, export_clip
from engine.export.estimate import MANY_CLIPS, Estimate, estimate_clips, free_bytes
from engine.video import open_video
from engine.video.encoding import ClipFormat, Encoding, Quality
from tests.clips import make_clip
from tests.engine.export.reviews import reviewed


def test_clips_are_counted_and_last_as_long_as_their_segments(tmp_path: Path) -> None:
    recording = reviewed(make_clip(tmp_path / "gate.mp4", 150))
    made = estimate_clips(recording, recording.only(["confirmed"]).segments, ExportOptions(panels=("frame",)))
    assert (made.clips, made.seconds) == (2, pytest.approx(1.4))
    # Cut without re-encoding, they are the recording's own bytes.
    copied = estimate_clips(recording, recording.segments, None)
    assert copied.size_bytes == pytest.approx(recording.info.path.stat().st_size * 70 / 150, rel=0.01)


def test_quality_and_largest_size_of_mp4_count(tmp_path: Path) -> None:
    recording = reviewed(make_clip(tmp_path / "gate.mp4", 150))

    def size(encoding: Encoding) -> int:
        options = ExportOptions(panels=("frame",), encoding=encoding)
        return estimate_clips(recording, recording.segments[:2], options).size_bytes

    high, medium, low = (size(Encoding(quality=quality)) for quality in Quality)
    assert high > medium > low > 2_000
    assert size(Encoding(max_bytes=1_000)) == 2_000
    assert size(Encoding(ClipFormat.FFV1, quality=Quality.LOW)) == size(Encoding(ClipFormat.FFV1))


@pytest.mark.slow
def test_the_size_is_that_of_a_clip_within_an_order_of_magnitude(tmp_path: Path, shared_data: Path) -> None:
    footage = next((shared_data / "ped2").rglob("*.mp4"), None)
    if footage is None:
        pytest.skip("no Ped2 clip here")
    options = ExportOptions(panels=("frame",), score_strip=False)
    with open_video(footage) as source:
        stop = min(60, len(source))
        target = tmp_path / "clip.mp4"
        *_, last = export_clip(source, None, source.times * 0, 0, stop, target, options)
        assert isinstance(last, Finished)
        recording = reviewed(footage, times=source.times)
        segment = recording.segments[0].__class__(0, stop, 0, 1.0)
        made = estimate_clips(recording, [segment], options)
    assert made.size_bytes / 10 < target.stat().st_size < made.size_bytes * 10


def test_much_is_many_clips_or_a_tenth_of_the_free_disk() -> None:
    assert not Estimate(MANY_CLIPS - 1, 1.0, 9).is_much(100)
    assert Estimate(MANY_CLIPS, 1.0, 9).is_much(100)
    assert Estimate(1, 1.0, 0).plus_bytes(10).is_much(100)


def test_the_room_of_a_folder_that_will_be_made_is_known(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "new" / "newer") == pytest.approx(free_bytes(tmp_path), rel=0.1)
