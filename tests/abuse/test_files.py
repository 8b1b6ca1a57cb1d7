"""Damaged files of the program's own formats, and of those that it reads: a typed error, or a result that holds."""

from __future__ import annotations

import json
import random
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.calibrating.held_out_signals import HeldOutSignals, load_held_out_signals, save_held_out_signals
from engine.common.errors import DatasetError, DetectorFileError, ExportError, FlowFileError, VadError, VideoError
from engine.common.paths import indexes_folder
from engine.datasets.file_access import read_arrays, read_json, read_mat
from engine.datasets.label_files import ucsd_list
from engine.detector_library import DetectorLibrary
from engine.export.tables import read_segments_json, write_segments_json
from engine.flow.files import read_flow, write_flo
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import missing_signals
from engine.training import RunSettings
from engine.training.checkpoint import (
    Checkpoint,
    DamagedCheckpointError,
    StagePosition,
    load_checkpoint,
    save_checkpoint,
)
from engine.training.event_log import read_event_log
from engine.video import open_video
from engine.video.frame_index import EntryPoint, FrameIndex
from engine.video.index_store import load_index, save_index
from engine.video.picture_folder import read_picture
from engine.video.source import VideoInfo
from tests.abuse.mutations import MUTATIONS
from tests.clips import numbered_picture

KEY = AnalysisKey("video", "detector", "{}")
VIDEO = VideoInfo(Path("gate.mp4"), "gate.mp4", 64, 48, 6, 0.25, 25.0, "h264", "f1")
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class Kind:
    """A kind of file: how to make a whole one at a path, how to read one, and which errors are the right ones."""

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    errors: tuple[type[Exception], ...] = ()


def _store(path: Path) -> None:
    with ScoreStore(path.parent, KEY) as store:
        store.append(np.arange(300), missing_signals(300))


def _read_store(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with ScoreStore(path.parent, KEY) as store:
        frames, _ = store.read()
        assert frames.tolist() == list(range(len(store)))
        store.append(np.array([len(store)]), missing_signals(1))


def _index(path: Path) -> None:
    pts = np.arange(50, dtype=np.int64)
    index = FrameIndex(pts, pts[::10], Fraction(1, 25), pts[::10], EntryPoint.PTS, pts.astype(np.uint32))
    save_index("index", index)
    shutil.copy(indexes_folder() / "index.npz", path)


def _read_index(path: Path) -> None:
    shutil.copy(path, indexes_folder() / "index.npz")
    index = load_index("index")
    assert index is None or len(index) == 50


def _detector(path: Path) -> None:
    save_detector(Detector(DetectorSettings("x", "tiny", "dis-medium", 4.0)), path)


def _read_library(path: Path) -> None:
    assert any(entry.is_bundled for entry in DetectorLibrary(path.parent).entries())
    DetectorLibrary(path.parent).find("x")


def _library(path: Path) -> None:
    labels = {"ab" * 32: {"name": "Gate", "note": "by day", "camera": "3"}}
    path.write_text(json.dumps({"version": 1, "labels": labels, "active": {}}))


def _segments(path: Path) -> None:
    times, segments = np.arange(6) / 25, [Segment(1, 3, 2, 5.0)]
    write_segments_json(
        path, VIDEO, times, segments, SegmentRule(), detector_name="x", detector_fingerprint="y", score="paper"
    )


def _cells(path: Path) -> None:
    cells = np.empty((1, 4), object)
    for number in range(4):
        cells[0, number] = np.array([[1.0, 3.0], [2.0, 4.0]])
    savemat(path, {"gt": cells})


def _checkpoint(path: Path) -> None:
    import torch

    save_checkpoint(Checkpoint(StagePosition("motion"), {"preset": "tiny"}, {"weights": torch.zeros(3, 3)}), path)


def _picture(suffix: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _, data = cv2.imencode(suffix, numbered_picture(5))
        path.write_bytes(data.tobytes())

    return make


def _read_picture_folder(path: Path) -> None:
    with open_video(path.parent) as source:
        list(source.frames())


KINDS = [
    Kind(KEY.file_name, _store, _read_store),
    Kind("index-copy.npz", _index, _read_index),
    Kind("a.safetensors", _detector, load_detector, (DetectorFileError,)),
    Kind("in-library.safetensors", _detector, _read_library),
    Kind("library.json", _library, _read_library),
    Kind("a.segments.json", _segments, read_segments_json, (ExportError,)),
    Kind(
        "settings.json",
        lambda path: path.write_text(RunSettings("Gate", ("a.mp4",)).to_json()),
        lambda path: RunSettings.from_json(path.read_text("utf-8")),
        (ValueError,),
    ),
    Kind(
        "events.jsonl",
        lambda path: path.write_text('{"event": "Stopped", "reason": "x"}\n' * 5),
        lambda path: list(read_event_log(path)),
    ),
    Kind("last.checkpoint", _checkpoint, load_checkpoint, (DamagedCheckpointError,)),
    Kind(
        "held-out.npz",
        lambda path: save_held_out_signals(path, [HeldOutSignals(Path("a"), np.arange(3.0), missing_signals(3))]),
        load_held_out_signals,
    ),
    Kind("gt.mat", _cells, lambda path: read_mat(path, "gt"), (DatasetError,)),
    Kind(
        "labels.npz",
        lambda path: np.savez(path, a=np.zeros(9), b=np.ones(4)),
        read_arrays,
        (DatasetError,),
    ),
    Kind("labels.json", lambda path: path.write_text('{"a": [[1, 2], [3, 4]]}'), read_json, (DatasetError,)),
    Kind(
        "UCSDped2.m",
        lambda path: path.write_text("TestVideoFile{end+1}.gt_frame = [5:90, 140:200];\n" * 3),
        ucsd_list,
        (DatasetError,),
    ),
    Kind("a.flo", lambda path: write_flo(path, np.ones((2, 4, 5), np.float32)), read_flow, (FlowFileError,)),
    *(
        Kind(f"0{suffix}", _picture(suffix), read, (VideoError,))
        for suffix in (".png", ".jpg", ".bmp", ".tif", ".webp")
        for read in (read_picture, _read_picture_folder)
    ),
]
QUICK, WHOLE = range(3), range(3, 103)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.name} {kind.read.__name__}")
@pytest.mark.parametrize(
    "seeds", [pytest.param(QUICK, id="quick"), pytest.param(WHOLE, id="whole", marks=pytest.mark.abuse)]
)
def test_damaged_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_preset: str, kind: Kind, seeds: range
) -> None:
    del tiny_preset
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "folder" / kind.name
    path.parent.mkdir()
    kind.make(path)
    whole = path.read_bytes()
    for mutation in MUTATIONS:
        for seed in seeds:
            chance = random.Random(zlib.crc32(f"{kind.name} {mutation.__name__} {seed}".encode()))
            path.write_bytes(mutation(whole, chance))
            try:
                kind.read(path)
            except kind.errors as error:
                if isinstance(error, VadError):
                    str(error).encode()
            except Exception as error:
                pytest.fail(f"{kind.name}, {mutation.__name__}, seed {seed}: {error!r}")


def test_pickles_under_the_name_of_a_detector_are_not_run(tmp_path: Path) -> None:
    import pickle

    class Malice:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "run"),))

    for name in ("a.safetensors", "last.checkpoint"):
        (tmp_path / name).write_bytes(pickle.dumps(Malice()))
    with pytest.raises(DetectorFileError):
        load_detector(tmp_path / "a.safetensors")
    with pytest.raises(DamagedCheckpointError):
        load_checkpoint(tmp_path / "last.checkpoint")
    assert not (tmp_path / "run").exists()
