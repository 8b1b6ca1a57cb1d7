"""A worker that judges parts of a recording, which may change under it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from engine.archive.shards import Judge, JudgedShard, Shard, ShardFailed
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from engine.video import open_video
from engine.video.source import VideoSource
from tests.engine.archive.test_analysing import film


def test_what_was_judged_of_a_recording_that_changed_meanwhile_is_not_kept(
    calibrated_file: Path, tmp_path: Path
) -> None:
    video = film(tmp_path / "a.mp4", 40)
    with open_video(video) as source:
        fingerprint = source.info.fingerprint
    judge = Judge(Predictor.open(calibrated_file, "cpu"), SAMPLED)
    first, second = Shard(video, fingerprint, 0, 20), Shard(video, fingerprint, 20, 40)
    assert isinstance(judge.run(first), JudgedShard)
    film(video, 40, seed=5)
    failed = judge.run(second)
    assert isinstance(failed, ShardFailed)
    assert "changed while" in failed.what
    again = judge.run(first)
    judge.close()
    assert isinstance(again, ShardFailed)
    assert "changed since" in again.what


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EIO, "Input/output error"), "can't be read from where it is"),
        (OSError(errno.ESTALE, "Stale file handle"), "can't be read from where it is"),
        (MemoryError(), "memory"),
        (ZeroDivisionError(), "unexpected"),
    ],
    ids=repr,
)
def test_what_a_worker_did_not_foresee_is_told_as_on_one_machine(
    calibrated_file: Path, tmp_path: Path, error: Exception, told: str
) -> None:
    def fail(_: Path) -> VideoSource:
        raise error

    video = film(tmp_path / "a.mp4", 4)
    failed = Judge(Predictor.open(calibrated_file, "cpu"), SAMPLED, fail).run(Shard(video, "any"))
    assert isinstance(failed, ShardFailed)
    assert told in failed.what
    assert failed.subject == str(video)
