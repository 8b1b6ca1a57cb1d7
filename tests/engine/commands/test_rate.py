"""`vad rate` on pictures and on a video that says its rate itself."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.common.paths import frame_rates_file
from tests.clips import make_clip, numbered_picture


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["rate", *map(str, arguments)])


def test_a_rate_is_given_kept_and_forgotten(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), numbered_picture(number))
    assert ": 25 frames a second, assumed" in run(tmp_path).output
    assert ": 10 frames a second, as you gave it" in run(tmp_path, "--fps", "10").output
    assert ": 10 frames a second, as you gave it" in run(tmp_path).output
    frame_rates_file().write_text(frame_rates_file().read_text() + "{", encoding="utf-8")
    assert "assumed" in run(tmp_path).output  # a damaged file counts as empty
    assert "as you gave it" in run(tmp_path, "--fps", "12.5").output
    assert "assumed" in run(tmp_path, "--forget").output


def test_a_rate_that_is_stored_can_not_be_given(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", 10)
    assert ": 25 frames a second, as the file says" in run(clip).output
    result = run(clip, "--fps", "10")
    assert result.exit_code == 2
    assert "says its frame rate itself: 25 a second" in result.output
    assert run(clip, "--fps", "10", "--forget").exit_code == 2


@pytest.mark.parametrize("fps", ["0", "-1", "1e9", "inf", "nan"])
def test_a_rate_that_no_recording_has_is_refused(tmp_path: Path, fps: str) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), numbered_picture(0))
    result = run(tmp_path, "--fps", fps)
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (2, True), result.output
    assert "as you gave it" not in run(tmp_path).output
