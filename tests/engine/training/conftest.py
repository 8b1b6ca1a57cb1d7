"""A detector so small that a training takes no time, and footage to match."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.training import RunSettings


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Three short videos of a bright square that moves right."""
    folders = []
    for start in (0, 40, 20):
        folder = tmp_path_factory.mktemp("video")
        for number in range(5):
            picture = np.full((64, 64, 3), 40, np.uint8)
            cv2.rectangle(
                picture, (start // 2 + 2 * number, 20), (start // 2 + 2 * number + 15, 40), (200, 180, 160), -1
            )
            cv2.imwrite(str(folder / f"{number}.png"), picture)
        folders.append(str(folder))
    return tuple(folders)


@pytest.fixture(scope="session")
def settings(videos: tuple[str, ...], tiny_preset: str) -> RunSettings:
    return RunSettings(
        "Square",
        videos,
        preset=tiny_preset,
        teacher="dis-ultrafast",
        motion_epochs=2,
        frame_epochs=2,
        batch_size=2,
        motion_learning_rate=2e-3,
        device="cpu",
    )


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "run"
