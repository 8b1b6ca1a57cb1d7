"""`vad` in a process of its own, with the tiny preset, slow enough to be killed, and telling how its models ended."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import torch

from engine.__main__ import main
from engine.models.detector import PRESETS
from engine.training import stage_trainer
from tests.tiny import TINY


def _digest(state: dict[str, torch.Tensor]) -> str:
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in state.values())).hexdigest()


def _told(train):
    def told(stage, should_stop, should_finish):
        def slowly() -> bool:
            time.sleep(float(os.environ.get("TINY_SLEEP", "0")))
            return should_stop()

        yield from train(stage, slowly, should_finish)
        if "TINY_TELLS" in os.environ:
            name = f"{stage._stage.name}-{os.environ.get('RANK', '0')}"
            (Path(os.environ["TINY_TELLS"]) / name).write_text(_digest(stage._detector.state_dict()))

    return told


if __name__ == "__main__":
    torch.set_num_threads(1)
    PRESETS["tiny"] = TINY
    stage_trainer._CHECKPOINT_SECONDS = float(os.environ.get("TINY_CHECKPOINT_SECONDS", "45"))
    stage_trainer.StageTrainer.train = _told(stage_trainer.StageTrainer.train)
    main()
