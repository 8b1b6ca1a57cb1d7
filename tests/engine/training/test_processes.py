import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.common.errors import TrainingError
from engine.common.events import CheckpointSaved, Finished, LossReported, Progress
from engine.models.detector import load_detector
from engine.training import Run, RunSettings
from engine.training.checkpoint import load_checkpoint
from engine.training.distributed import ProcessGroup
from engine.training.trainer import train

TINY_VAD = ["-m", "tests.engine.training.tiny_process"]


@pytest.fixture(autouse=True)
def _one_thread_as_in_the_processes() -> None:
    torch.set_num_threads(1)


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_run_killed_within_an_epoch_resumes_with_the_same_result(
    settings: RunSettings, run_folder: Path, tmp_path: Path
) -> None:
    run = Run.create(run_folder, settings)
    with start(*TINY_VAD, "train", str(run_folder), TINY_SLEEP="0.01", TINY_CHECKPOINT_SECONDS="0.1") as process:
        # The first checkpoint is saved before the stage's first step, the second one within its first epoch.
        while sum(isinstance(e, CheckpointSaved) for e in run.events()) < 2 and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.1)  # so that the kill hits a later step
        process.kill()
        process.communicate()
    assert not any(isinstance(event, LossReported) for event in run.events())
    assert 0 < load_checkpoint(run.checkpoint_path).position.samples < 8
    rest = list(train(run))
    whole = Run.create(tmp_path / "whole", settings)
    undisturbed = list(train(whole))
    assert [e for e in rest if isinstance(e, LossReported)] == [e for e in undisturbed if isinstance(e, LossReported)]
    weights, expected = (load_detector(each.detector_path)[0].state_dict() for each in (run, whole))
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())


@pytest.mark.slow
def test_two_processes_under_torchrun_train_one_detector(
    settings: RunSettings, run_folder: Path, tmp_path: Path
) -> None:
    run = Run.create(run_folder, replace(settings, batch_size=4, held_out=settings.videos[2:]))
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with start(*torchrun, *TINY_VAD, "train", str(run_folder), TINY_DIGESTS=str(tmp_path)) as process:
        _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    events = run.events()
    assert events[-1] == Finished(str(run.detector_path))
    reported = [event for event in events if isinstance(event, LossReported)]
    assert [(event.stage, event.epoch, event.step) for event in reported] == [
        (stage, epoch, 2) for stage in ("motion", "frame") for epoch in (0, 1)
    ]
    for stage in ("motion", "frame"):
        assert (tmp_path / f"{stage}-0").read_text() == (tmp_path / f"{stage}-1").read_text()
    assert load_detector(run.detector_path)[0].settings.name == "Square"
    # One process trains on the same batches; the losses differ only because batch norm statistics are of whole batches.
    alone = list(train(Run.create(tmp_path / "alone", run.settings)))
    for one, two in zip((e for e in alone if isinstance(e, LossReported)), reported, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=0.1)
    assert sum(isinstance(event, Progress) and event.phase == "Reading footage" for event in events) < 5


def test_a_batch_that_cannot_be_split_evenly_is_refused() -> None:
    group = ProcessGroup("cpu")
    group.check_batch_size(3)
    group.size = 2
    group.check_batch_size(4)
    with pytest.raises(TrainingError, match="A batch of 3 can't be shared by 2 processes") as caught:
        group.check_batch_size(3)
    assert "--batch-size 2" in caught.value.advice


def test_processes_split_a_batch() -> None:
    groups = [ProcessGroup("cpu"), ProcessGroup("cpu")]
    for rank, group in enumerate(groups):
        group.rank, group.size = rank, 2
    batch = np.arange(10, 16)
    assert sorted(np.concatenate([group.shard(batch) for group in groups])) == batch.tolist()
    assert [group.is_main for group in groups] == [True, False]
