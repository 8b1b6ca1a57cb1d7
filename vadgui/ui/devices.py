"""The devices that a detector can run on, in words."""

from engine.common.language import tr_noop

DEVICES = {
    "auto": tr_noop("Fastest of this machine"),
    "cuda": tr_noop("NVIDIA GPU (CUDA)"),
    "mps": tr_noop("Apple GPU (MPS)"),
    "cpu": "CPU",
}
