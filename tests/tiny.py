"""`python -m tests.tiny ...` is `vad` itself whose presets are all models of a few weights."""

from __future__ import annotations

import torch

from engine.__main__ import main
from engine.models.detector import PRESETS, Preset

TINY = Preset((8, 16), (8, 16), shrink=8)
"""For tests in which the size of the models is not the point."""

if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in (*PRESETS, "tiny"):
        PRESETS[name] = TINY
    main()
