"""`python -m tests.tiny ...` is `vad` itself whose presets are all models of a few weights."""

from __future__ import annotations

import torch

from engine.__main__ import main
from engine.models.detector import PRESETS, Preset

TINY = Preset((8, 16), (8, 16), shrink=8)
"""For tests in which the size of the models is not the point."""


def main_with_tiny_models() -> None:
    """`vad` in this process, with one thread."""
    torch.set_num_threads(1)
    for name in (*PRESETS, "tiny"):
        PRESETS[name] = TINY
    main()


if __name__ == "__main__":
    main_with_tiny_models()
