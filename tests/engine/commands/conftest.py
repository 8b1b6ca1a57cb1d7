"""Small inputs for tests of commands: picture folders, and untrained detectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

MakeVideo = Callable[..., Path]
MakeDataset = Callable[..., Path]


@pytest.fixture(scope="session")
def detector_file(tiny_preset: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from engine.models.detector import Detector, DetectorSettings, save_detector

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("detector") / "untrained.safetensors"
    save_detector(Detector(DetectorSettings("untrained", tiny_preset, "dis-ultrafast", 4.0)), path)
    return path


@pytest.fixture(scope="session")
def calibrated_file(tiny_preset: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained detector, calibrated on footage without motion."""
    import torch

    from engine.models.detector import Detector, DetectorSettings, save_detector
    from engine.scoring.calibration import Calibration
    from engine.scoring.evidence import EVIDENCE
    from engine.scoring.motion import PLACES
    from engine.scoring.motion_histogram import MotionHistogram
    from engine.scoring.normal_model import NormalModel
    from engine.scoring.signals import missing_signals

    torch.manual_seed(0)
    normal, signals = MotionHistogram(), missing_signals(600)
    for _ in range(300):
        normal.add(np.zeros((3, PLACES, PLACES), np.float32))
    for name in set(EVIDENCE) - {"appearance_distance"}:
        signals[name] = np.random.default_rng(0).gamma(1, 0.2, 600)
    settings = DetectorSettings(
        "calibrated", tiny_preset, "dis-ultrafast", 4.0, calibration=Calibration.of([(signals, np.arange(600) / 10)])
    )
    detector = Detector(settings, NormalModel(normal))
    path = tmp_path_factory.mktemp("detector") / "calibrated.safetensors"
    save_detector(detector, path)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of analyses for this test and its subprocesses."""
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "analyses"


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    def make(name: str, count: int = 12, seed: int = 0) -> Path:
        """A folder of numbered pictures with a drifting texture that depends on `seed`."""
        texture = np.random.default_rng(seed).integers(0, 256, (64, 96 + 2 * count, 3), np.uint8)
        texture = cv2.GaussianBlur(texture, (0, 0), 2)
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for n in range(count):
            cv2.imwrite(str(folder / f"{n:04}.png"), texture[:, 2 * n : 2 * n + 96])
        return folder

    return make


@pytest.fixture
def make_dataset(tmp_path: Path, make_video: MakeVideo) -> MakeDataset:
    def make(name: str = "tiny", **truths: str) -> Path:
        """A dataset of testing clips, each labelled by a string ("x" is an abnormal frame), and one training clip."""
        for seed, (clip, truth) in enumerate((truths or {"01": "....xx", "02": "xx.."}).items()):
            make_video(f"{name}/testing/{clip}", count=len(truth), seed=seed)
        make_video(f"{name}/training/01", count=4, seed=9)
        labels = {clip: np.array([letter == "x" for letter in truth]) for clip, truth in truths.items()}
        labels = labels or {"01": np.arange(6) > 3, "02": np.arange(4) < 2}
        np.savez(tmp_path / name / "frame_labels.npz", **labels)
        return tmp_path / name

    return make
