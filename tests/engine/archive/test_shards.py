"""A worker that judges parts of a recording, which may change under it."""

from __future__ import annotations

from pathlib import Path

from engine.archive.shards import Judge, JudgedShard, Shard, ShardFailed
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from engine.video import open_video
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
