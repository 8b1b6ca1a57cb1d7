"""Cached indexes with overwritten bytes never keep a video from opening."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.paths import indexes_folder
from engine.video import open_video
from engine.video.index_store import load_index, save_index
from tests.clips import make_clip, read_number

CASE = Path(__file__).parents[4] / "shared" / "cases" / "damaged-cache" / "index0.npz"


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """A fingerprint, and the index that is cached of it."""
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    with open_video(make_clip(tmp_path / "a.mp4", 40)) as source:
        list(source.frames())
        fingerprint = source.info.fingerprint
    (file,) = indexes_folder().glob("*.npz")
    return fingerprint, file


@pytest.mark.parametrize("length", [1, 4, 40])
def test_overwritten_bytes_are_never_an_error(stored: tuple[str, Path], length: int) -> None:
    fingerprint, file = stored
    whole = file.read_bytes()
    made = load_index(fingerprint)
    assert made is not None
    chance = random.Random(length)
    for _ in range(200):
        data = bytearray(whole)
        start = chance.randrange(len(data))
        data[start : start + length] = chance.randbytes(min(length, len(data) - start))
        file.write_bytes(data)
        loaded = load_index(fingerprint)
        if loaded is None:
            # An index of another decoder is left to be written over.
            assert file.with_suffix(".damaged").exists() or file.exists()
        else:
            np.testing.assert_array_equal(loaded.pts, made.pts)
            np.testing.assert_array_equal(loaded.checksums, made.checksums)


def test_a_video_with_a_damaged_index_opens_and_its_index_is_made_anew(
    stored: tuple[str, Path], tmp_path: Path
) -> None:
    fingerprint, file = stored
    data = bytearray(file.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 10] = 99  # an unknown way of compressing
    file.write_bytes(data)
    with open_video(tmp_path / "a.mp4") as source:
        assert [read_number(frame.pixels) for frame in source.frames()] == list(range(40))
    assert file.with_suffix(".damaged").read_bytes() == data
    assert load_index(fingerprint) is not None


def test_arrays_that_contradict_each_other_are_no_index(stored: tuple[str, Path]) -> None:
    fingerprint, file = stored
    index = load_index(fingerprint)
    assert index is not None
    for lie in (
        replace(index, pts=index.pts[::-1].copy()),
        replace(index, pts=index.pts.astype(np.float64)),
        replace(index, entries=index.entries[:-1]),
        replace(index, checksums=index.checksums[:-1]),
        replace(index, keyframes=index.keyframes + 1000),
        replace(index, keyframes=index.keyframes[:0], entries=index.entries[:0]),
    ):
        save_index(fingerprint, lie)
        assert load_index(fingerprint) is None
        assert not file.exists()


def test_the_damaged_index_of_a_report_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not CASE.is_file():
        pytest.skip("needs the case in ../shared/cases")
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path))
    indexes_folder().mkdir()
    shutil.copy(CASE, indexes_folder() / "case.npz")
    assert load_index("case") is None
