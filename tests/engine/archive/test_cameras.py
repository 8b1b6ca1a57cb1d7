"""Which camera made a recording, by where it lies."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from engine.archive.cameras import CameraRule, read_mapping
from engine.common.errors import ArchiveError


@pytest.mark.parametrize(
    ("template", "path", "camera"),
    [
        ("{camera}/**", "north/2026-03-28/10-00.mp4", "north"),
        ("{camera}/**", "10-00.mp4", "site"),
        ("**/{camera}/*", "site/a/north/10-00.mp4", "north"),
        ("*/{camera}/**", "2026-03-28/north/10/00.mp4", "north"),
        ("**/{camera}_*.mp4", "2026-03-28/north_1000.mp4", "north"),
        ("**/{camera}_*.mp4", "north_gate_1000.mp4", "north"),
        ("cam-{camera}/*", "cam-3/10-00.mp4", "3"),
        ("cam-{camera}/*", "other/10-00.mp4", "site"),
        ("", "north/10-00.mp4", "site"),
    ],
)
def test_a_template_says_where_the_name_is(template: str, path: str, camera: str) -> None:
    assert CameraRule("site", template).camera_of(PurePosixPath(path)) == camera


def test_the_first_line_of_a_list_that_fits_comes_before_the_template(tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text('# which is which\nch1/*,North gate\n\n*/door/*,"Door, back"\nch1/door/*,never\n', "utf-8")
    rule = CameraRule("site", "{camera}/**", read_mapping(file))
    cameras = [rule.camera_of(PurePosixPath(path)) for path in ("ch1/a.mp4", "ch2/door/a.mp4", "ch3/a.mp4")]
    assert cameras == ["North gate", "Door, back", "ch3"]


@pytest.mark.parametrize("text", ["only one column\n", "a,b,c\n", "a,\n"])
def test_a_list_that_makes_no_sense_is_refused_by_its_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text("x/*,X\n" + text, "utf-8")
    with pytest.raises(ArchiveError, match="Line 2"):
        read_mapping(file)


@pytest.mark.parametrize("template", ["*/**", "{camera}/{camera}"])
def test_a_template_names_the_camera_once(template: str) -> None:
    with pytest.raises(ArchiveError, match="say once"):
        CameraRule("site", template)
