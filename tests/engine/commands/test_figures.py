"""`vad figures` from its command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.models.predictor import Predictor
from tests.engine.commands.conftest import MakeVideo

SHEETS = ["figure-1.png", "figure-3-4.png", "figure-5.png"]


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """Every test has an empty cache of analyses."""


@pytest.fixture
def dataset(tmp_path: Path, make_video: MakeVideo) -> Path:
    for seed, clip in enumerate(("01", "02")):
        make_video(f"tiny/testing/{clip}", count=6, seed=seed)
    make_video("tiny/training/01", count=3, seed=9)
    np.savez(tmp_path / "tiny" / "frame_labels.npz", **{"01": np.arange(6) > 3, "02": np.arange(6) < 2})
    return tmp_path / "tiny"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["figures", *map(str, arguments)])


@pytest.mark.slow
def test_sheets_of_a_dataset_and_of_a_video(
    dataset: Path, make_video: MakeVideo, detector_file: Path, tmp_path: Path
) -> None:
    for footage in (dataset, make_video("clip", count=6, seed=5)):
        folder = tmp_path / "sheets" / footage.name
        result = run(footage, "--detector", detector_file, "--out", folder, "--auto", 1)
        assert result.exit_code == 0, result.output
        assert result.stdout.split() == [str(folder / name) for name in SHEETS]
        for name in SHEETS:
            assert cv2.imread(str(folder / name)).shape[1] > 600


def test_frames_given_by_number_need_no_analysis(
    dataset: Path, detector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    predict = Predictor.predict
    monkeypatch.setattr(
        Predictor, "predict", lambda self, pictures: asked.append(len(pictures)) or predict(self, pictures)
    )
    options = ["--detector", detector_file, "--out", tmp_path / "out", "--kind", 5]
    result = run(dataset, *options, "--frames", "01:5, 02:1")
    assert result.exit_code == 0, result.output
    assert asked == [1, 1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["figure-5.png"]
    single = run(dataset / "testing" / "01", *options, "--frames", "3")
    assert single.exit_code == 0, single.output


@pytest.mark.parametrize(
    ("frames", "status", "said"),
    [
        ("3", 2, "01:12"),
        ("01:0", 1, "frames from 1 to 5"),
        ("01:6", 1, "frames from 1 to 5"),
        ("03:1", 2, "only 01, 02"),
        ("01:x", 2, "01:12"),
    ],
)
def test_frames_outside_the_video_are_an_error(
    dataset: Path, detector_file: Path, tmp_path: Path, frames: str, status: int, said: str
) -> None:
    result = run(dataset, "--detector", detector_file, "--out", tmp_path / "out", "--frames", frames)
    assert result.exit_code == status
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_missing_footage_and_an_impossible_folder_are_errors(
    make_video: MakeVideo, detector_file: Path, tmp_path: Path
) -> None:
    absent = run(tmp_path / "absent.mp4", "--detector", detector_file, "--out", tmp_path / "out")
    assert absent.exit_code == 1
    assert "absent.mp4" in absent.stderr
    (tmp_path / "file").write_text("")
    blocked = run(
        make_video("clip", count=3), "--detector", detector_file, "--out", tmp_path / "file" / "out", "--frames", "1"
    )
    assert blocked.exit_code == 1
    assert "--out" in blocked.stderr
