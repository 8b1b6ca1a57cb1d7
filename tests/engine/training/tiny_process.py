"""Runs `vad` in a separate process with the tiny preset.

TINY_SLEEP slows training down so that a test can kill it; TINY_DIGESTS is a folder for digests of the final weights.
"""

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


def _with_digests(train):
    def train_with_digests(stage, should_stop, should_finish):
        def slow_should_stop() -> bool:
            time.sleep(float(os.environ.get("TINY_SLEEP", "0")))
            return should_stop()

        yield from train(stage, slow_should_stop, should_finish)
        if "TINY_DIGESTS" in os.environ:
            name = f"{stage._stage.name}-{os.environ.get('RANK', '0')}"
            (Path(os.environ["TINY_DIGESTS"]) / name).write_text(_digest(stage._detector.state_dict()))

    return train_with_digests


if __name__ == "__main__":
    torch.set_num_threads(1)
    PRESETS["tiny"] = TINY
    stage_trainer._CHECKPOINT_SECONDS = float(os.environ.get("TINY_CHECKPOINT_SECONDS", "45"))
    stage_trainer.StageTrainer.train = _with_digests(stage_trainer.StageTrainer.train)
    main()
