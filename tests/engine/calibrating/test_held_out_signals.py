"""The signals that a run keeps of its held-out footage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.calibrating import held_out_signals
from engine.calibrating.held_out_signals import HeldOutSignals, load_held_out_signals, save_held_out_signals
from engine.scoring import signals


def videos() -> list[HeldOutSignals]:
    made = []
    for number, name in enumerate(("gate 1.mp4", "tür.mp4")):
        rows = signals.missing_signals(5 + number)
        rows["psnr_db"][1:] = 30 + np.arange(4 + number)
        made.append(HeldOutSignals(Path("footage") / name, np.arange(len(rows)) / 25 + number, rows))
    return made


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    file, expected = tmp_path / "judged.npz", videos()
    save_held_out_signals(file, videos()[:1])
    save_held_out_signals(file, expected)
    for found, video in zip(load_held_out_signals(file), expected, strict=True):
        assert found.path == video.path
        np.testing.assert_array_equal(found.times, video.times)
        assert found.signals.dtype == signals.RAW_SIGNALS
        assert found.signals.tobytes() == video.signals.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["judged.npz"]


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert load_held_out_signals(tmp_path / "judged.npz") == []


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_damaged_file_says_nothing(keep: float, tmp_path: Path) -> None:
    file = tmp_path / "judged.npz"
    save_held_out_signals(file, videos())
    content = file.read_bytes()
    file.write_bytes(content[: keep if keep > 1 else int(keep * len(content))])
    assert load_held_out_signals(file) == []


def test_signals_of_another_version_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_held_out_signals(tmp_path / "judged.npz", videos())
    monkeypatch.setattr(held_out_signals, "RAW_SIGNALS", np.dtype([("psnr_db", "<f4")]))
    assert load_held_out_signals(tmp_path / "judged.npz") == []
