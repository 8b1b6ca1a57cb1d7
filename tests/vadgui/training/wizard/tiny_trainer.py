"""`vad train` itself with models of a few weights, and with faults of a machine injected.

`python -m tests.vadgui.training.wizard.tiny_trainer FAULTS RUN [--supervised]`, FAULTS are joined by "+":

- slow: every check for a stop request takes SLOW_SECONDS;
- memory: no batch of more than four pictures fits;
- nan: the loss of the motion stage blows up at learning rates above 1e-4;
- full: while the folder holds a file "full", no file of more than 20 kB can be written once it learns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from engine.__main__ import main
from engine.models.detector import PRESETS
from engine.training import Run, StopControl, stage_trainer, stages
from tests.tiny import TINY

SLOW_SECONDS = 0.02
FITS = 4
FULL_BYTES = 20_000


def command(faults: str):  # type: ignore[no-untyped-def]
    """The command for TrainingClient: a function of the run's folder."""
    return lambda folder: [sys.executable, "-m", "tests.vadgui.training.wizard.tiny_trainer", faults, str(folder)]


def _be_slow() -> None:
    should_stop = StopControl.should_stop

    def slowly(requests: StopControl) -> bool:
        time.sleep(SLOW_SECONDS)
        return should_stop(requests)

    StopControl.should_stop = slowly  # type: ignore[method-assign]


def _misbehave(faults: list[str], run: Run) -> None:
    flow_loss, train = stages.flow_loss, stage_trainer.StageTrainer.train

    def loss(predicted: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        if "memory" in faults and len(predicted) > FITS:
            raise torch.OutOfMemoryError("out of memory")
        blows_up = "nan" in faults and run.settings.motion_learning_rate > 1e-4
        return flow_loss(predicted, teacher) * (float("nan") if blows_up else 1.0)

    def fill_the_disk(stage: stage_trainer.StageTrainer, *args: Any) -> Iterator[Any]:
        if (run.folder / "full").exists():
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        yield from train(stage, *args)

    stages.flow_loss = loss
    stage_trainer.save_curves = lambda *_: None  # drawing them takes as long as the training
    if "full" in faults:
        stage_trainer.StageTrainer.train = fill_the_disk  # type: ignore[method-assign]
    if "slow" in faults:
        _be_slow()


if __name__ == "__main__":
    _, faults, *arguments = sys.argv
    torch.set_num_threads(1)
    PRESETS["fast"] = TINY
    _misbehave(faults.split("+"), Run(Path(arguments[0])))
    sys.argv = ["vad", "train", *arguments]
    main()
